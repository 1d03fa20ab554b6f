"""Conversations with language models, and what models may do: by label, never by value.

No Jupyter and no IPython, and the vault is out of reach: whatever a model asks for goes through a
``Door`` that an adapter hands in. Nothing here loads a model's library before it is used.
"""
