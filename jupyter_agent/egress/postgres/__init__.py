"""Ways to a PostgreSQL database: the password joins on the way, in an exchange of its own.

A caller logs in here with the placeholder; the broker logs in there with the password. After that
both sides are joined, and what the database says is scrubbed message by message.
Protocol: PostgreSQL documentation, "Frontend/Backend Protocol", version 3.0.
"""
