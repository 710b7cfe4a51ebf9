"""The sheets that people fill in and send back: requests to answer, a unit's OKRs, an empty template.

What makes them known again stands in `connectors.workbook.marks`.
"""

from __future__ import annotations

from okr.publish.sheets.okrs import OkrRow, write_okrs
from okr.publish.sheets.requests import RequestRow, write_requests
from okr.publish.sheets.sheet import About, Choice, Choices, view_only

__all__ = ["About", "Choice", "Choices", "OkrRow", "RequestRow", "view_only", "write_okrs", "write_requests"]
