"""Chats of Jupyter AI (``jupyterlab-chat``): a message is screened before it is stored."""
