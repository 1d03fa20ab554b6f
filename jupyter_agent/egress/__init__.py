"""Requests that get a label's value on their way to that label's hosts. Only the broker is in here.

Whoever sends the request holds a placeholder. It opens nothing: it names one label for one process
tree, for as long as that tree's conversation with the broker lasts.
"""
