"""Inside IPython: ``%%agent_run``, ``%secret``, the guard and the entry widget.

This room holds labels and ciphertext, never a value, and has no code for the person key. All it
does goes through ``client`` to the broker. Importing it is cheap: ``extension`` loads the rest on
first use.
"""
