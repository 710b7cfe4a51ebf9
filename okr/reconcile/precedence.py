"""Which source stands first where several say something: in all, and for single columns.

The order is that of the settings: `precedence` of the sources, else their order in the file; `[fields]` names other
orders for single columns. Sources with the same number stand side by side: of what they say the newest stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.reconcile.warehouse import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from okr.reconcile.warehouse import Warehouse
    from okr.settings import Settings

SETTINGS = "settings"
"""The name under which meetings of the settings stand among the sources."""

LEDGER = "ledger"
"""The name under which stands what people answered and decided with this program."""

ANSWERS = (
    "response", "response_reason", "responded_by", "responded_at", "supporting_kr_id", "decision", "decided_by",
)  # fmt: skip
"""Columns of handshakes in which the ledger stands before every source."""


class Precedence:
    """The ranks of all sources; the least stands first."""

    def __init__(self, settings: Settings) -> None:
        self.general = _general(settings)
        self.place = {name: place for place, name in enumerate([*settings.source_order(), SETTINGS, LEDGER])}
        """Their order where nothing else tells two values apart."""
        self.fields = frozenset(settings.fields)
        """Columns for which `[fields]` names an order."""
        self._columns = {column: self._of_column(column, settings) for column in (*ANSWERS, *settings.fields)}
        self.orders: list[Mapping[str, int]] = [self.general]
        """The different orders that there are; the first one is that in all."""
        for ranks in self._columns.values():
            if ranks not in self.orders:
                self.orders.append(ranks)

    def _of_column(self, column: str, settings: Settings) -> Mapping[str, int]:
        named = list(dict.fromkeys(settings.fields.get(column, ())))
        ranks = {name: len(named) + rank for name, rank in self.general.items()}
        ranks |= {name: rank for rank, name in enumerate(named)}
        return {**ranks, LEDGER: -1} if column in ANSWERS else ranks

    def of(self, column: str) -> Mapping[str, int]:
        """Return each source's rank for a column."""
        return self._columns.get(column, self.general)

    def ties(self, column: str) -> bool:
        """Whether two sources stand side by side for a column."""
        ranks = self.of(column)
        return len(set(ranks.values())) < len(ranks)

    def sql(self, ranks: Mapping[str, int], of: str = "s.source") -> str:
        """Return SQL for the rank of the source in a column; of a source that nobody knows null."""
        cases = " ".join(f"when {literal(name)} then {rank}" for name, rank in ranks.items())
        return f"case {of} {cases} end"

    def write(self, house: Warehouse) -> None:
        """Make `merged.precedence`: `source`, `column` (null: every column without an order of its own), `rank`.

        `order`: their places where ranks are equal.
        """
        house.run(
            'create or replace table merged.precedence (source varchar, "column" varchar, rank bigint, "order" bigint)'
        )
        for column, ranks in ((None, self.general), *self._columns.items()):
            house.run(
                "insert into merged.precedence select unnest($names), $column, unnest($ranks), unnest($places)",
                names=list(ranks),
                places=[self.place[name] for name in ranks],
                column=column,
                ranks=list(ranks.values()),
            )


def _general(settings: Settings) -> dict[str, int]:
    """Return the ranks in all: those of one `precedence` have the same."""
    ranks: dict[str, int] = {}
    before: int | None = None
    for name in settings.source_order():
        number = settings.sources[name].precedence
        same = number is not None and number == before and ranks
        ranks[name] = max(ranks.values()) if same else len(ranks)
        before = number
    return {**ranks, SETTINGS: len(ranks), LEDGER: len(ranks) + 1}
