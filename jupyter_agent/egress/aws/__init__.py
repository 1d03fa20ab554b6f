"""Requests that are signed for AWS, or for what speaks as AWS does (MinIO, R2, moto).

A key of AWS is never sent: requests are signed with it. So the caller signs with a placeholder,
which proves that the request is its own, and the broker signs anew with the value, for a host that
it derives itself.
"""
