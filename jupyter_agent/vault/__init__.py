"""The vault: secrets and grants, sealed with keys that belong to this machine.

``vault`` is the door. It keeps a ``ledger`` of sealed records in a ``store`` (sqlite, the only
writer of the file); ``seal`` is the cryptography, ``key_source`` where the wrapping key comes from,
``machine`` which machine this is. docs/vault-format.md describes the bytes.
"""
