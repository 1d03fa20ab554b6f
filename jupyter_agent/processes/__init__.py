"""What the kernel tells about processes, and the calls about them that Python has no name for."""
