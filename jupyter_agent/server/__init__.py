"""The Jupyter Server extension: guards messages and saves, and serves the panels.

It holds no value and opens no vault: what needs a value goes to the broker.
"""
