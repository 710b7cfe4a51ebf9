"""The target `sql`: reconciled tables in PostgreSQL, MariaDB or SQLite."""

from __future__ import annotations

from connectors.sql.target.outlet import SqlOutlet

__all__ = ["SqlOutlet"]
