"""A way that is spoken in PostgreSQL's protocol."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_agent.egress.postgres.database import Database, is_connection_string, read_value
from jupyter_agent.egress.postgres.speaker import PostgresSpeaker
from jupyter_agent.egress.warden import Warden
from jupyter_agent.errors import AgentError
from jupyter_agent.secret import check_variable


@dataclass(frozen=True, slots=True)
class PostgresWay:
    """A way to a database: a ``Kind``.

    Attributes:
        label: Whose value: a password, or a whole address.
        database: Where to, and as whom.
        said: Whether whoever asks has named it; else it was read from the value.
    """

    label: str
    database: Database
    said: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """The one label."""
        return (self.label,)

    @property
    def title(self) -> str:
        """The database."""
        return f"PostgreSQL at {self.database.host}"

    @property
    def library(self) -> tuple[str, ...]:
        """What libpq reads, and with it psycopg and psql."""
        return ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSSLMODE")

    @property
    def revoke(self) -> str:
        """Nowhere that we know of: ALTER ROLE, by whoever may."""
        return ""

    @property
    def origin(self) -> str:
        """Its address, without a password."""
        return str(self.database)

    @property
    def place(self) -> str:
        """What the value is there."""
        return f"password of {self.database.user}"

    @property
    def alpn(self) -> str | None:
        """Its name inside TLS (PostgreSQL 17 and later look at it)."""
        return None if self.database.plain else "postgresql"

    def variables(self, port: int, placeholder: str) -> dict[str, str]:
        """What libpq, SQLAlchemy and jupysql read."""
        address = self.database.address(port, placeholder)
        # Where the value is the whole address, its own variable holds one, too.
        own = {self.label: placeholder, f"{self.label}_URL": address}
        if not self.said:
            own = {self.label: address}
        return {
            **{check_variable(name): text for name, text in own.items()},
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": self.database.user,
            "PGDATABASE": self.database.name,
            "PGPASSWORD": placeholder,
            "PGSSLMODE": "disable",  # to us, on this machine; from us on there is TLS
            "DATABASE_URL": address,
        }

    def forms(self, values: Mapping[str, bytes]) -> dict[str, bytes]:
        """The value, and the password inside where it is an address."""
        known = dict(values)
        for label, value in values.items():
            if is_connection_string(value):
                with contextlib.suppress(AgentError):
                    known[f"{label}_PASSWORD"] = read_value(value)[1]
        return known

    def speaker(
        self, placeholder: bytes, warden: Warden, context: ssl.SSLContext | None
    ) -> PostgresSpeaker:
        """Speaks PostgreSQL."""
        return PostgresSpeaker(self.database, placeholder, warden, context)
