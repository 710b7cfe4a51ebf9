"""The ledger: what people and the program did, and no run can compute again.

Entries are only ever added, each committed at the moment it happens, also while a run is under way.
"""

from __future__ import annotations

from okr.ledger.answers import standing
from okr.ledger.entries import Answer, Audited, Decision, Message, PlanShown, Run, Standing, Told
from okr.ledger.ledger import Ledger
from okr.ledger.store import exists

__all__ = [
    "Answer", "Audited", "Decision", "Ledger", "Message", "PlanShown", "Run", "Standing", "Told", "exists", "standing",
]  # fmt: skip
