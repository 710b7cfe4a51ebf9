"""Which gaps opened and closed, and which changes did it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from okr.reconcile import past
from okr.reconcile.changes import queries
from okr.reconcile.changes.kinds import WHOLE
from okr.reconcile.reading import gap_row, utc
from okr.reconcile.rulebook import SEVERITIES, rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from okr.reconcile.warehouse import Warehouse

Row = dict[str, Any]
Key = tuple[str, str]


_WORDS = {"reworded", "re-targeted", "re-dated", "re-addressed"}
_ANSWERS = ({"answered", "decided"}, {"re-addressed", *WHOLE})
_SOONEST: dict[str, tuple[set[str], ...]] = {
    "AL10": ({"alignment"}, {*WHOLE}),
    "AL108": (_WORDS,),
    "AL109": ({"re-targeted"},),
    "AL110": ({"re-dated"},),
    "HS201": _ANSWERS,
    "HS202": _ANSWERS,
    "HS203": _ANSWERS,
    "HS204": _ANSWERS,
    "HS208": ({"re-dated"}, {"answered"}),
    "HS211": (_WORDS, {"answered"}),
    "OW40": ({"re-owned"},),
    "QL501": ({*WHOLE},),
    "QL502": ({*WHOLE},),
    "QL504": ({"re-dated"},),
    "QL507": ({*WHOLE},),
    "QL509": ({*WHOLE},),
}
"""By the code of a rule or its beginning: the kinds of change, or of things, that most likely open or close its gaps,
most likely first. Of several changes around a gap these are told; without them whatever changed there."""


def gaps(house: Warehouse, base: int, period_id: str) -> list[Row]:
    """Return the gaps of a view that are open now and were not at run `base` (`opened`), and the other way round."""
    book = rules()
    runs = {run: (run_id, at) for run, run_id, at in house.rows(queries.RUNS)}
    raw = house.rows(queries.GAPS, base=base, period=period_id)
    hidden = past.confidential(house, {row[5:7] for row in raw})
    found = []
    for kind, run, ended, *columns in raw:
        row = gap_row(book, columns, hidden=(columns[2], columns[3]) in hidden)
        run_id, at = runs.get(run, (None, None))
        found.append(
            {
                "kind": kind,
                "ended": ended,
                **row,
                "run_id": run_id,
                "changed_at": None if at is None else utc(at),
                "causes": [],
            }
        )
    found.sort(
        key=lambda row: (
            row["kind"] == "closed",
            SEVERITIES.index(row["severity"]),
            row["code"],
            row["subject_id"],
            row["counterparty_unit_id"] or "",
            row["subject_kind"],
            row["fingerprint"],
        )
    )
    return found


def attribute(house: Warehouse, base: int, period_id: str, things: Sequence[Row], gaps: Sequence[Row]) -> None:
    """Say of each gap which changes opened or closed it: those of its subject, else those of what is next to it."""
    if not things or not gaps:
        return
    exact: dict[Key, list[int]] = defaultdict(list)
    near: dict[Key, list[int]] = defaultdict(list)
    far: dict[Key, list[int]] = defaultdict(list)
    carried = _carried(house, base, period_id, things)
    for at, row in enumerate(things):
        exact[row["subject_kind"], row["subject_id"]].append(at)
        beside = set(row["parents"])
        above = {
            key
            for kind, thing in (*beside, (row["subject_kind"], row["subject_id"]))
            if kind == "objective"
            for key in carried.get(thing, ())
        }
        for key in beside:
            near[key].append(at)
        for key in above - beside:
            far[key].append(at)
    requests = {
        handshake: {("kr", kr) for kr in (kr_id, supporting) if kr}
        for handshake, kr_id, supporting in house.rows(
            queries.REQUESTS,
            base=base,
            ids=[gap["subject_id"] for gap in gaps if gap["subject_kind"] == "handshake"],
        )
    }
    for gap in gaps:
        gap["causes"] = _causes(gap, things, (exact, near, far), requests)
        for at in gap["causes"]:
            things[at][gap["kind"]].append(gap["fingerprint"])


def _causes(
    gap: Row,
    things: Sequence[Row],
    by_distance: Iterable[Mapping[Key, list[int]]],
    requests: Mapping[str, set[Key]],
) -> list[int]:
    kind, subject = gap["subject_kind"], gap["subject_id"]
    own = {(kind, subject)} | (past.named_things(kind, subject) if kind == "pair" else set())
    around = past.named_things(kind, subject) | requests.get(subject, set())
    for wanted in (*_SOONEST.get(gap["code"], _SOONEST.get(gap["code"][:4], ())), None):
        for changes in by_distance:
            for keys in (own, around):
                found = {at for key in keys for at in changes.get(key, ()) if _is(things[at], wanted)}
                if found:
                    return sorted(found)
    return []


def _is(row: Row, wanted: Collection[str] | None) -> bool:
    return wanted is None or row["kind"] in wanted or row["subject_kind"] in wanted


def _carried(house: Warehouse, base: int, period_id: str, things: Iterable[Row]) -> dict[str, set[Key]]:
    """Return by O what it carries or carried, for the Os that changed or of which a KR did."""
    ids = {
        thing
        for row in things
        for kind, thing in (*row["parents"], (row["subject_kind"], row["subject_id"]))
        if kind == "objective"
    }
    found: dict[str, set[Key]] = defaultdict(set)
    for objective_id, kind, thing in house.rows(queries.LINKS, base=base, period=period_id, ids=list(ids)):
        found[objective_id] |= {(kind, thing), ("alignment", f"{objective_id}->{kind}:{thing}")}
    return found
