"""The server's part of the secure desktop: which ones run, their routes, who asks for them."""
