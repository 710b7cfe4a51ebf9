"""A second reading of the contract, in plain Python: slow, obvious, and independent.

Nothing here knows the program. It reads an enterprise as lists of dicts and says what gaps and
figures the contract's sentences give, so that both readings can be compared record by record.
"""

from __future__ import annotations

from tests.rules.oracle.judging import Verdict, judge
from tests.rules.oracle.memory import Memory
from tests.rules.oracle.world import Enterprise, Rules, Table, World

__all__ = ["Enterprise", "Memory", "Rules", "Table", "Verdict", "World", "judge"]
