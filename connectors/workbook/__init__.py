"""The source `workbook`: OKRs out of the workbooks that units fill in.

The connector itself is imported only when it is asked for: the child processes that read the files
are started by the dozen and need nothing of polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.workbook.connector import WorkbookConnector

__all__ = ["WorkbookConnector"]


def __getattr__(name: str) -> object:
    """Import the connector at its first use."""
    if name == "WorkbookConnector":
        from connectors.workbook.connector import WorkbookConnector  # noqa: PLC0415

        return WorkbookConnector
    raise AttributeError(name)
