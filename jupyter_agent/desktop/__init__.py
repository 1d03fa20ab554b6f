"""The secure desktop: a real browser in which a person signs in, and which an agent then uses."""
