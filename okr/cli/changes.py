"""`okr changes`: what changed since a time, a run or a meeting, who carries it, which gaps it opened or closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from okr.cli import columns, rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say, sayable, spoken, tell
from okr.cli.tables import Field, clock, plain, show
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from okr.reconcile.changes import Changes

    Row = Mapping[str, Any]

SHOWN = 200
"""Rows that each of the tables shows."""


def changes(
    *,
    since: str,
    unit: str | None = None,
    meeting: str | None = None,
    period: str | None = None,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List what changed since then, and which gaps that opened or closed."""
    if meeting is not None and period is not None:
        raise CallError("options_exclude", one="--meeting", other="--period")
    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        found = rooms.changes(
            reader,
            since,
            unit=unit,
            meeting=meeting,
            period=period,
            prepared=rooms.prepared(known),
            now=rooms.now(known),
        )
    if not found.compared:
        tell(say("cli.changes.not_compared", period=found.period_id))
    put(
        list(_rows(found, in_cells=want.form != "json")),
        columns.CHANGES,
        want,
        lambda: _Page(found, known.zone).show(),
    )
    return 0


def _rows(found: Changes, *, in_cells: bool) -> Iterator[dict[str, Any]]:
    """Everything in one list: the changes, then the gaps."""
    for row in found.things:
        before, after = rooms.sides(row, spoken())
        carriers = [_carrier(each) for each in row["carriers"]] if in_cells else row["carriers"]
        yield {**row, "before": before, "after": after, "carriers": carriers}
    for gap in found.gaps:
        message = tables.message(gap)
        opened = gap["kind"] == "opened"
        yield {
            **gap,
            "kind": f"gap-{gap['kind']}",
            "label": gap["code"],
            "before": "" if opened else message,
            "after": message if opened else "",
            "causes": [f"{row['kind']} {row['subject_kind']} {row['subject_id']}" for row in _causes(found, gap)],
        }


def _causes(found: Changes, gap: Row) -> list[Row]:
    return [found.things[at] for at in gap["causes"]]


def _carrier(row: Row) -> str:
    return say("cli.changes.carrier", level=row["level"], label=row["label"], person=row["person_name"] or "–")


@dataclass(frozen=True)
class _Page:
    """The three tables for a person."""

    found: Changes
    zone: ZoneInfo

    def show(self) -> None:
        found = self.found
        counts = {kind: sum(gap["kind"] == kind for gap in found.gaps) for kind in ("opened", "closed")}
        how = say(f"cli.changes.since.{found.since.how}", meeting=found.since.meeting)
        head = say(
            "cli.changes.head",
            how=how,
            time=clock(found.since.at, self.zone),
            run=found.since.run_id[:8],
            period=found.period_id,
        )
        tables.sentence(head)
        if not found.things and not found.gaps:
            tables.line(say("cli.changes.none"))
            return
        if found.things:
            tables.line()
            self._some(found.things, self._things())
        carried = list(self._carried())
        if carried:
            self._heading("cli.changes.carriers")
            self._some(carried, CARRIERS)
        if found.gaps:
            self._heading("cli.changes.gaps", **counts)
            self._some(found.gaps, self._gaps())

    def _heading(self, code: str, **values: object) -> None:
        tables.remark(say(code, **values))
        tables.line()

    def _some(self, rows: Sequence[Row], fields: Sequence[Field]) -> None:
        show(rows[:SHOWN], fields)
        if len(rows) > SHOWN:
            tables.remark(say("cli.changes.more", shown=SHOWN, count=len(rows), more=len(rows) - SHOWN))

    def _things(self) -> tuple[Field, ...]:
        codes = {gap["fingerprint"]: gap["code"] for gap in self.found.gaps}
        texts = {id(row): rooms.sides(row, spoken()) for row in self.found.things}

        def gaps(row: Row) -> str:
            signs = (("+", "opened"), ("−", "closed"))
            return " ".join(f"{sign}{code}" for sign, name in signs for code in sorted({codes[f] for f in row[name]}))

        return (
            Field("change", _kind),
            Field("item", plain("label"), ratio=3),
            Field("before", lambda row: texts[id(row)][0], ratio=4),
            Field("after", lambda row: texts[id(row)][1], ratio=4),
            Field("gaps", gaps, ratio=2),
        )

    def _carried(self) -> Iterator[dict[str, Any]]:
        """Each thing once, also where several of its values changed."""
        told = set()
        for row in self.found.things:
            key = row["subject_kind"], row["subject_id"]
            if key not in told:
                told.add(key)
                yield from ({**carrier, "changed": row["label"]} for carrier in row["carriers"])

    def _gaps(self) -> tuple[Field, ...]:
        def because(row: Row) -> str:
            kinds: dict[str, list[str]] = {}
            for cause in _causes(self.found, row):
                kinds.setdefault(cause["label"], []).append(_kind(cause))
            told = (f"{label} {say('changes.and').join(dict.fromkeys(found))}" for label, found in kinds.items())
            return say("changes.between").join(told)

        return (
            Field("change", lambda row: say(f"cli.changes.gap.{row['kind']}")),
            Field("code", plain("code")),
            Field("unit", lambda row: str(row["unit_id"] or "–"), ratio=2),
            Field("message", tables.message, ratio=6),
            Field("because", because, ratio=3),
        )


def _kind(row: Row) -> str:
    special = f"cli.changes.{row['subject_kind']}.{row['kind']}"
    return say(special) if sayable(special) else say(f"cli.changes.kind.{row['kind']}")


def _called(row: Row) -> str:
    return str(row["label"]) if row["still"] else say("cli.changes.no_more", label=row["label"])


CARRIERS = (
    Field("changed", plain("changed"), ratio=3),
    Field("below", lambda row: str(row["level"]), right=True),
    Field("carrier", _called, ratio=3),
    Field("told", lambda row: str(row["person_name"] or "–"), ratio=2),
)
