"""The sheets of a pack that come back: requests to answer, refusals to decide, a participant's OKRs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.publish.pack.speech import clean, shows
from okr.publish.sheets import About, Choice, Choices, OkrRow, RequestRow, write_okrs, write_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from okr.publish.audience import Row, Viewer
    from okr.publish.pack.facts import Facts
    from okr.publish.pack.grid import Book
    from okr.publish.pack.speech import Speech

EMPTY = 20
"""Rows to be filled in below a unit's OKRs."""

LONGEST_LIST = 300
"""Lines up to which a drop-down also holds what is of units below; anything else may be written in words."""


def write_answers(book: Book, facts: Facts, unit_id: str, speech: Speech) -> None:
    """Write what others ask of a participant, with cells to answer in."""
    viewer = facts.participant(unit_id)
    below = facts.below(unit_id)
    krs = [row for row in facts.view.things if row["kind"] == "kr" and row["unit_id"] in below]
    own = krs if len(krs) <= LONGEST_LIST else [row for row in krs if row["unit_id"] == unit_id]
    write_requests(
        book.book,
        [_request(facts, row, viewer, speech) for row in facts.asked_of(unit_id)],
        about=_about(facts, unit_id),
        languages=(speech.first, speech.other),
        krs=_choices((speech.called(row, viewer), row["id"]) for row in own),
        name=speech.both("sheet.answers", " "),
    )


def write_decisions(book: Book, facts: Facts, viewer: Viewer, speech: Speech) -> None:
    """Write the requests that were refused and wait for a decision; no sheet where there is none."""
    refused = [row for row in facts.requests if row["standing"] == "refused"]
    if refused:
        write_requests(
            book.book,
            [_request(facts, row, viewer, speech) for row in refused],
            about=_about(facts, facts.meeting["unit_id"]),
            languages=(speech.first, speech.other),
            decide=True,
            name=speech.both("sheet.decisions", " "),
        )


def write_own_okrs(book: Book, facts: Facts, unit_id: str, speech: Speech) -> bool:
    """Write the OKRs of a participant; returns whether it did.

    What is missing on the sheet is gone when it comes back. So there is none where an O may not be shown.
    """
    rows = [row for row in facts.okrs["okrs"] if row["unit_id"] == unit_id]
    if any(row["visibility"] == "private" or row["state"] == "masked" for row in rows):
        return False
    viewer = facts.participant(unit_id)
    above = set(facts.view.above(unit_id))
    upper = [row for row in facts.view.things if row["unit_id"] in above]
    write_okrs(
        book.book,
        list(_okr_rows(facts, rows)),
        about=_about(facts, unit_id),
        languages=(speech.first, speech.other),
        choices=Choices(
            upper=_choices((speech.called(row, viewer), row["id"]) for row in upper),
            people=_people(facts, unit_id, rows),
            teams=_teams(facts, unit_id),
        ),
        name=speech.both("sheet.okrs", " "),
        empty=EMPTY,
    )
    return True


def _about(facts: Facts, unit_id: str) -> About:
    period_id = facts.meeting["period_id"]
    return About(
        unit_id=unit_id,
        unit=clean(facts.view.unit_name(unit_id)),
        period_id=period_id,
        period=period_id,
        written_at=facts.at,
        meeting_id=facts.meeting["meeting_id"],
        meeting=clean(facts.name),
    )


def _request(facts: Facts, row: Row, viewer: Viewer, speech: Speech) -> RequestRow:
    kr = facts.view.thing.get(("kr", row["kr_id"]))
    seen = kr is not None and shows(kr, viewer)
    supporting = facts.view.thing.get(("kr", row["supporting_kr_id"] or ""))
    owners = () if kr is None else kr["owner_ids"] or ()
    return RequestRow(
        handshake_id=row["handshake_id"],
        asking=clean(facts.view.unit_name(row["unit_id"])),
        kr=clean(speech.called(kr, viewer)),
        owner=clean("、".join(facts.person_name(one) for one in owners)),
        party=clean(facts.view.unit_name(row["party_unit_id"])),
        point=clean(row["point"]) if seen else speech.both("confidential", " "),
        needed_by=row["needed_by"] if seen else None,
        response=row["response"],
        response_reason=row["response_reason"] if seen else None,
        supporting_kr_id=row["supporting_kr_id"],
        supporting=clean(speech.called(supporting, viewer)) or None,
        decision=row["decision"],
    )


def _okr_rows(facts: Facts, rows: Sequence[Row]) -> Iterable[OkrRow]:
    """A row for each KR and handshake, Os and KRs numbered as they stand."""
    needs: dict[str, list[Row]] = {}
    for row in facts.okrs["needs"]:
        needs.setdefault(row["kr_id"], []).append(row)
    links: dict[str, list[tuple[str, float | None]]] = {}
    for row in facts.okrs["links"]:
        links.setdefault(row["objective_id"], []).append((row["parent_id"], row["share"]))
    number, kr_number, last, holder = 0, 0, None, None
    for row in rows:
        if row["person_id"] != holder:
            number, holder = 0, row["person_id"]
        if row["objective_id"] != last:
            number, kr_number, last = number + 1, 0, row["objective_id"]
        kr_number += 1
        for need in needs.get(row["kr_id"], [None]):
            yield _okr_row(row, need, links.get(row["objective_id"], ()), (number, kr_number))


def _okr_row(row: Row, need: Row | None, links: Sequence[tuple[str, float | None]], at: tuple[int, int]) -> OkrRow:
    number, kr_number = row["objective_ordinal"] or at[0], row["kr_ordinal"] or at[1]
    further = {
        name: row[name] for name in ("metric", "comparator", "baseline", "target", "measure_unit", "rollup", "weight")
    }
    # Published and public is what an O is where nothing is said.
    further |= {"url": row["url"], "origin": row["origin"]}
    further |= {"state": row["state"] if row["state"] != "published" else None}
    further |= {"visibility": row["visibility"] if row["visibility"] != "public" else None}
    return OkrRow(
        objective_id=row["objective_id"],
        objective=row["objective"],
        number=number,
        person_id=row["person_id"],
        carries=links,
        owner_ids=row["owner_ids"] or (),
        confidence=row["confidence"],
        kr_id=row["kr_id"],
        kr=row["kr"],
        kr_number=kr_number if row["kr_id"] else None,
        kr_owner_ids=row["kr_owner_ids"] or (),
        member_ids=row["member_ids"] or (),
        due_on=row["due_on"],
        kr_confidence=row["kr_confidence"],
        progress=row["progress"],
        party=None if need is None else need["party"],
        point=None if need is None else need["point"],
        needed_by=None if need is None else _own_day(need["needed_by"], row["due_on"]),
        response=None if need is None else need["response"],
        response_reason=None if need is None else need["response_reason"],
        further=further,
    )


def _own_day(needed_by: date | None, due_on: date | None) -> date | None:
    return None if needed_by == due_on else needed_by


def _people(facts: Facts, unit_id: str, rows: Iterable[Row]) -> list[Choice]:
    """Those who belong to the unit or below it, and whoever stands in its OKRs already."""
    named = {one for row in rows for key in ("owner_ids", "kr_owner_ids", "member_ids") for one in row[key] or ()}
    named |= {row["person_id"] for row in rows if row["person_id"]}
    below = facts.below(unit_id)
    near = [person for person in facts.view.people if person["active"] and person["unit_id"] in below]
    if len(near) > LONGEST_LIST:
        near = [person for person in near if person["unit_id"] == unit_id]
    named |= {person["person_id"] for person in near}
    known = [person for person in facts.view.people if person["person_id"] in named]
    return _choices(sorted((person["name"] or person["person_id"], person["person_id"]) for person in known))


def _teams(facts: Facts, unit_id: str) -> list[Choice]:
    """The active units that may be asked, by name; by id, where units share one."""
    view = facts.view
    found = [unit for unit in view.units if unit["active"] and not view.in_line(unit_id, unit["unit_id"])]
    names = [unit["name"] or unit["unit_id"] for unit in found]
    return [
        Choice(name if names.count(name) == 1 else unit["unit_id"], unit["unit_id"])
        for name, unit in zip(names, found, strict=True)
    ]


def _choices(lines: Iterable[tuple[str, str]]) -> list[Choice]:
    """Lines of a drop-down; where two would show the same, each shows its id behind."""
    known = [(clean(shown), one) for shown, one in lines]
    counts: dict[str, int] = {}
    for shown, _ in known:
        counts[shown] = counts.get(shown, 0) + 1
    return [Choice(shown if counts[shown] == 1 else f"{shown} {one}", one) for shown, one in known]
