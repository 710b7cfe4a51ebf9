"""The source `tables`: a folder with one file for each canonical table."""

from __future__ import annotations

from connectors.tables.connector import TablesConnector

__all__ = ["TablesConnector"]
