"""What a gap's `detail` keeps from everybody, for readers who may see it.

`detail` holds no title, point, reason or quoted value of an O that is not for everybody. What it stands
for is found again by the subject's id; a thing that is only known by what it is called is found where
just one thing in the view is called so. In doubt nothing is shown, and what is masked is shown to nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from okr.publish.audience import Row, View

    Sees = Callable[[str], bool]

LONGEST = 200
"""So much of a value is quoted."""

POINTS = ("HS201", "HS202", "HS203", "HS204")


def withheld_values(view: View, gap: Mapping[str, Any], may_see: Sees) -> Row:
    """Return the values of a gap's detail that were withheld and that this reader may see.

    Args:
        view: in which the gap was found.
        gap: as `Reader.gaps` gives it.
        may_see: whether the reader may see the content of an O.
    """
    about = _about(view, gap)
    found: Row = {
        name: _shown(view, about.get(name), value, may_see) for name, value in gap["detail"].items() if _hides(value)
    }
    subject = about.get("subject")
    seen = subject is not None and not subject["masked"] and may_see(subject["objective_id"])
    if gap["code"] == "SY601" and "said" in found and seen:
        of = (gap["subject_kind"], gap["subject_id"], gap["detail"]["field"])
        found["said"] = [_saying(one) for one in view.said.get(of, ())] or found["said"]
    unsaid = {name for name, value in gap["detail"].items() if value is None or value == ""}
    if unsaid and seen:
        for name, value, objective_ids in _values(view, gap, about):
            if name in unsaid and value is not None and all(map(may_see, objective_ids)):
                found[name] = value
    return found


def _saying(one: Row) -> Row:
    """What a source says, as a detail of SY601 has it."""
    return {"label": one["source"], "title": one["value"][:LONGEST], "hidden": False, "place": one["place"]}


def _hides(value: object) -> bool:
    if isinstance(value, list):
        return any(_hides(item) for item in value)
    return isinstance(value, dict) and bool(value.get("hidden"))


def _shown(view: View, thing: Row | None, value: Any, may_see: Sees) -> Any:  # noqa: ANN401 - as it stands in JSON
    """Return a thing of a detail, or a list of them, with the titles that may be seen."""
    if isinstance(value, list):
        return [_shown(view, None, item, may_see) if _hides(item) else item for item in value]
    if thing is None or thing["label"] != value.get("label"):
        called_so = view.labelled.get(value.get("label"), [])
        thing = called_so[0] if len(called_so) == 1 else None
    if thing is None or thing["masked"] or not may_see(thing["objective_id"]):
        return value
    return {**value, "title": thing["title"], "hidden": False}


def _about(view: View, gap: Mapping[str, Any]) -> dict[str, Row]:
    """Return the things that a gap's ids name, by their names in `detail`."""
    kind, subject_id = gap["subject_kind"], gap["subject_id"]
    named: dict[str, tuple[str, str]] = {}
    if kind in {"objective", "kr"}:
        named = {"subject": (kind, subject_id)}
    elif kind == "handshake" and subject_id in view.request:
        named = {"subject": ("kr", view.request[subject_id]["kr_id"])}
    elif kind == "alignment":
        objective_id, _, target = subject_id.partition("->")
        parent_kind, _, parent_id = target.partition(":")
        named = {"subject": ("objective", objective_id), "target": (parent_kind, parent_id)}
    return {name: view.thing[key] for name, key in named.items() if key in view.thing}


def _values(view: View, gap: Mapping[str, Any], about: Mapping[str, Row]) -> Iterator[tuple[str, object, list[str]]]:
    """Hand out single values that a detail withholds: name, value, the Os that have to be seen besides."""
    subject, code = about["subject"], gap["code"]
    request = view.request.get(gap["subject_id"]) if gap["subject_kind"] == "handshake" else None
    if request is not None:
        yield from _of_request(view, code, request)
    elif code == "AL102":
        shares = [row["share"] for row in view.carries if row["below"] and _carries(row, subject)]
        yield "share", _percent(sum(share for share in shares if share is not None)), []
    elif code == "AL109":
        yield "comparator", subject["comparator"] or ">=", []
        yield "target", subject["target"], []
        yield "measure_unit", subject["measure_unit"], []
    elif code == "AL110":
        yield from _late(view, subject, about.get("target"))
    elif code == "QL504":
        yield "due", _day(subject["due_on"]), []
    elif code == "QL508":
        yield "confidence", _percent(subject["confidence"]), []
    elif code in {"OW402", "OW403", "OW404"}:
        yield from _of_owners(view, subject)[code]


def _of_request(view: View, code: str, request: Row) -> Iterator[tuple[str, object, list[str]]]:
    if code in POINTS:
        yield "point", request["point"] or "—", []
        yield "reason", request["response_reason"] or "—", []
    elif code == "HS205":
        yield "party", request["party"] or "", []
    elif code == "HS206":
        yield "receiver", view.unit_name(request["party_unit_id"]) or request["party"] or "?", []
    elif code == "HS208":
        yield "needed", _day(request["needed_by"]), []
        supporting = view.thing.get(("kr", request["supporting_kr_id"] or ""))
        if supporting is not None:
            yield "due", _day(supporting["due_on"]), [supporting["objective_id"]]
    elif code == "HS211" and request["responded_at"] is not None:
        answered = datetime.fromisoformat(request["responded_at"]).astimezone(view.zone)
        yield "answered", _day(answered.date()), []


def _late(view: View, subject: Row, target: Row | None) -> Iterator[tuple[str, object, list[str]]]:
    dues = [
        row["due_on"]
        for row in view.things
        if row["kind"] == "kr" and row["objective_id"] == subject["id"] and row["due_on"] is not None
    ]
    if dues:
        yield "latest", _day(max(dues)), []
    if target is not None:
        yield "due", _day(target["due_on"]), [target["objective_id"]]


def _of_owners(view: View, subject: Row) -> dict[str, list[tuple[str, object, list[str]]]]:
    """The values of the rules about owners: how many, who has left, who belongs elsewhere."""
    owner_ids = sorted(subject["owner_ids"] or ())
    gone, elsewhere = [], []
    for owner_id in owner_ids:
        person = view.person.get(owner_id)
        if person is None or not person["active"]:
            gone.append((person and person["name"]) or owner_id)
        elif not _belongs(view, person, subject["unit_id"]):
            elsewhere.append(person["name"] or owner_id)
    return {
        "OW402": [("count", len(owner_ids), [])],
        "OW403": [("people", gone, [])],
        "OW404": [("people", elsewhere, [])],
    }


def _belongs(view: View, person: Row, unit_id: str) -> bool:
    below = person["unit_id"] == unit_id or unit_id in view.above(person["unit_id"])
    return below or view.leads(person["person_id"], unit_id)


def _carries(row: Row, kr: Row) -> bool:
    return row["parent_kind"] == "kr" and row["parent_id"] == kr["id"]


def _day(value: object) -> str | None:
    return None if value is None else str(value)


def _percent(share: float | None) -> str | None:
    """A share as the rules' macro `percent` writes it."""
    return None if share is None else f"{100 * share:.10g}%"
