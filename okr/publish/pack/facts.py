"""What a pack tells: one meeting as the last run judged it, read once for all files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from okr.publish.audience import Audience, Viewer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from okr.publish.audience import Row, View
    from okr.reconcile.reading import Reader
    from okr.settings import Settings
    from okr.texts import Language

NOT_SIDEWAYS = frozenset({"unknown-party", "vertical"})
"""Standings of handshakes that no other unit can answer."""

BEHIND = frozenset({"failed", "held", "partial"})
"""States of a source for which older rows stand in."""


@dataclass(frozen=True)
class Part:
    """One of the three parts of readiness: `done` of `total` things give `points` of at most `most`."""

    code: str
    done: int
    total: int
    points: float
    most: float


@dataclass(frozen=True)
class Facts:
    """One meeting: who takes part, what stands in its KRs and requests, which gaps it has.

    Attributes:
        meeting: as `Reader.meeting` gives it.
        at: the time of the run.
        language: the company's.
        density: from which handshake density on the meeting is worth holding.
        audience: who may see what in the view of its period.
        gaps: the meeting's, in the order of the contract.
        coverage: the figures of each active unit, by unit_id.
        sources: how each source stands.
        okrs: of the participants, as `Reader.okrs` gives them.
    """

    meeting: Row
    at: datetime
    language: Language
    density: float
    audience: Audience
    gaps: Sequence[Row]
    coverage: Mapping[str, Row]
    sources: Sequence[Row]
    okrs: Mapping[str, Sequence[Row]]

    @classmethod
    def of(cls, settings: Settings, reader: Reader, meeting: str, at: datetime) -> Facts:
        """Read a coming meeting by its id, title or upper unit's name.

        Raises:
            CallError: `unknown_meeting`, `past_meeting`, `ambiguous_name`.
        """
        row = reader.meeting(meeting, now=at)
        period = row["period_id"]
        audience = Audience.of(
            reader,
            period,
            hrbps={one["person_id"] for one in row["hrbps"] if one["person_id"] is not None},
            units={row["unit_id"], *row["participants"]},
        )
        return cls(
            meeting=row,
            at=at,
            language=settings.language or "zh",
            density=settings.advice.density,
            audience=audience,
            gaps=list(reader.gaps(meeting=row["meeting_id"], now=at)),
            coverage={unit["unit_id"]: unit for unit in reader.coverage(period=period, now=at)},
            sources=reader.sources(),
            okrs=reader.okrs(period, row["participants"]),
        )

    # -- who ------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The rows of the view."""
        return self.audience.view

    @property
    def name(self) -> str:
        """What the meeting is called: its title, else its upper unit's name and period."""
        upper = self.view.unit_name(self.meeting["unit_id"])
        return self.meeting["title"] or f"{upper} {self.meeting['period_id']}"

    @cached_property
    def units(self) -> list[str]:
        """The upper unit, then the participants."""
        return [self.meeting["unit_id"], *self.meeting["participants"]]

    @property
    def starts_at(self) -> datetime:
        """When it starts, with the offset that it was stated with."""
        return datetime.fromisoformat(self.meeting["starts_at"])

    def person_name(self, person_id: str | None) -> str:
        """The name of a person; the id where nobody knows it."""
        if person_id is None:
            return ""
        return self.view.person.get(person_id, {}).get("name") or person_id

    def leader_of(self, unit_id: str) -> Row | None:
        """The active person who leads a unit; None without one."""
        found = self.view.person.get(self.view.unit.get(unit_id, {}).get("leader_id") or "")
        return found if found is not None and found["active"] else None

    # -- through whose eyes ---------------------------------------------------------------------------

    def hrbp(self) -> Viewer:
        """The meeting's HRBPs."""
        return self.audience.hrbp()

    def leader(self) -> Viewer | None:
        """The upper unit's leader; None where there is none who is active."""
        found = self.leader_of(self.meeting["unit_id"])
        return None if found is None else self.audience.person(found["person_id"])

    def participant(self, unit_id: str) -> Viewer:
        """The people of a participant. HRBPs hand the file on, so it holds nothing that they may not see."""
        people, hrbp = self.audience.unit(unit_id), self.audience.hrbp()
        return Viewer(self.view, lambda row: people.may_see_hidden(row) and hrbp.may_see_hidden(row))

    # -- what -----------------------------------------------------------------------------------------

    @cached_property
    def key_results(self) -> list[Row]:
        """The meeting's KRs, those of the upper unit first, each unit's in their order."""
        rank = {unit: at for at, unit in enumerate(self.units)}
        found = [row for row in self.view.things if row["kind"] == "kr" and row["unit_id"] in rank]
        return sorted(found, key=lambda row: rank[row["unit_id"]])

    @cached_property
    def requests(self) -> list[Row]:
        """The meeting's requests: handshakes of its KRs whose party is sideways."""
        units = set(self.units)
        return [row for row in self.view.requests if row["unit_id"] in units and row["standing"] not in NOT_SIDEWAYS]

    def asked_by(self, unit_id: str) -> list[Row]:
        """What a unit asks of others, also where nobody knows of whom."""
        return self._asking.get(unit_id, [])

    def asked_of(self, unit_id: str) -> list[Row]:
        """What others ask of a unit, also others who do not take part in the meeting."""
        return [row for row in self._asked.get(unit_id, []) if row["standing"] not in NOT_SIDEWAYS]

    @cached_property
    def _asking(self) -> dict[str, list[Row]]:
        return _by(self.view.requests, "unit_id")

    @cached_property
    def _asked(self) -> dict[str, list[Row]]:
        return _by(self.view.requests, "party_unit_id")

    @cached_property
    def carriers(self) -> dict[tuple[str, str], list[Row]]:
        """What is carried (kind and id), and the carrying alignments from below."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.view.carries:
            if row["below"]:
                found.setdefault((row["parent_kind"], row["parent_id"]), []).append(row)
        return found

    @cached_property
    def asks(self) -> dict[str, list[Row]]:
        """The sideways requests of each KR."""
        found: dict[str, list[Row]] = {}
        for row in self.requests:
            found.setdefault(row["kr_id"], []).append(row)
        return found

    @cached_property
    def sources_behind(self) -> list[Row]:
        """The sources for which older rows stand in."""
        return [row for row in self.sources if row["state"] in BEHIND]

    @cached_property
    def unanswered(self) -> list[tuple[str, int, int]]:
        """The units that owe answers to the meeting's requests, most first: unit_id, unanswered, asked in all."""
        asked: dict[str, list[int]] = {}
        for row in self.requests:
            counts = asked.setdefault(row["party_unit_id"], [0, 0])
            counts[0] += row["response"] is None
            counts[1] += 1
        found = [(unit, counts[0], counts[1]) for unit, counts in asked.items() if counts[0]]
        return sorted(found, key=lambda one: (-one[1], one[0]))

    @cached_property
    def parts(self) -> list[Part]:
        """The three parts of readiness (RULES, Figures); where no source can hold handshakes, the other two."""
        meeting, parts = self.meeting, self.meeting["parts"]
        counted: list[tuple[str, int, int, int]] = [
            ("requests", meeting["requests"] - meeting["unanswered"], meeting["requests"], 40),
            ("carried", parts["upper_carried"], parts["upper_krs"], 40),
            ("sound", parts["sound"], parts["things"], 20),
        ]
        if not parts["handshakes_known"]:
            counted = counted[1:]
        scale = 100 / sum(most for *_, most in counted)
        return [
            Part(code, done, total, most * scale * (done / total if total else 1), most * scale)
            for code, done, total, most in counted
        ]

    def below(self, unit_id: str) -> set[str]:
        """A unit and those below it."""
        return {unit_id, *(unit for unit in self.view.unit if unit_id in self.view.above(unit))}

    def counted(self, unit_id: str | None = None) -> dict[str, int]:
        """How many gaps there are of each severity; of a unit those that it has to close."""
        found: dict[str, int] = {}
        for gap in self.gaps:
            if unit_id is None or gap["unit_id"] == unit_id:
                found[gap["severity"]] = found.get(gap["severity"], 0) + 1
        return found


def _by(rows: Sequence[Row], name: str) -> dict[str, list[Row]]:
    """Rows by what stands in a column."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


def local(moment: datetime | str, facts: Facts) -> datetime:
    """A time in the company's zone."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return known.astimezone(facts.view.zone)
