"""The target `folder`: reconciled tables as Parquet and CSV files, for other tools."""

from __future__ import annotations

from connectors.folder.outlet import FolderOutlet

__all__ = ["FolderOutlet"]
