"""The source `sql`: a database in which each canonical table is a table, a view or a SELECT."""

from __future__ import annotations

from connectors.sql.connector import SqlConnector

__all__ = ["SqlConnector"]
