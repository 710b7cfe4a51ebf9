"""Only this room knows which values are legal.

`TABLES` declares the canonical tables; `validate` brings what a connector delivered into them and
says what it refused. `schemas.normal` has the normal forms for those who compare texts.
"""

from __future__ import annotations

from schemas.checking import validate
from schemas.forms import TableRefused
from schemas.sorting import Validated
from schemas.tables import QUARANTINE, TABLES, Column, Form, Table

__all__ = [
    "QUARANTINE",
    "TABLES",
    "Column",
    "Form",
    "Table",
    "TableRefused",
    "Validated",
    "validate",
]
