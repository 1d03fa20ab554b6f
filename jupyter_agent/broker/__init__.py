"""The one process that ever opens the vault: grants, runs, audit. Plain asyncio, no Jupyter."""
