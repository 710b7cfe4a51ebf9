"""The ledger: what people and the program did, and no run can compute again.

Entries are only ever added, each committed at the moment it happens, also while a run is under way.
"""

from __future__ import annotations

from okr.ledger.entries import Audited, Decision, Message, PlanShown, Run, Told
from okr.ledger.ledger import Ledger
from okr.ledger.store import exists

__all__ = ["Audited", "Decision", "Ledger", "Message", "PlanShown", "Run", "Told", "exists"]
