"""The lists of a pack as plain values, through one viewer's eyes: what a workbook's sheets hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

from okr.publish.pack.facts import local
from okr.publish.pack.speech import shows
from okr.reconcile.rulebook import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.publish.audience import Row, Viewer
    from okr.publish.pack.facts import Facts
    from okr.publish.pack.speech import Speech

Kind = Literal["text", "muted", "number", "share", "day", "tag"]


class Tag(NamedTuple):
    """A word of a fixed set, and the colour that it stands in."""

    style: str
    text: str


Value = str | int | float | date | Tag | None


@dataclass(frozen=True)
class Column:
    """A column: its heading, its width in characters, what stands in it, whether it is printed."""

    heading: str
    width: float
    kind: Kind = "text"
    printed: bool = True


@dataclass(frozen=True)
class Sheet:
    """A list on a sheet of its own: its name, a line on what it is, its columns and rows, and what no rows mean."""

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: list[tuple[Value, ...]]
    nothing: str


class Lists:
    """Makes the lists of one meeting for one viewer, in the order of the languages that he reads."""

    def __init__(self, facts: Facts, viewer: Viewer, speech: Speech) -> None:
        self._facts = facts
        self._viewer = viewer
        self._speech = speech

    # -- gaps -----------------------------------------------------------------------------------------

    def gaps(self, code: str, gaps: Sequence[Row], *, whose: bool = True) -> Sheet:
        """Gaps, worst first; `whose`: with the unit that has to close each."""
        columns = [
            self._column("severity", 10, "tag"),
            self._column("gap", 17),
            self._column("message", 46),
            self._column("closes", 28),
            self._column("unit", 13),
            self._column("other_unit", 13),
            self._column("told", 11),
            self._column("since", 11.5, "day"),
            self._column("rule", 8, "muted"),
            Column(self._speech.beside("column.message"), 46, "muted", printed=False),
        ]
        rows = [self._gap(gap) for gap in gaps]
        if not whose:
            columns.pop(4)
            rows = [row[:4] + row[5:] for row in rows]
        return self._sheet(code, columns, rows)

    def _gap(self, gap: Row) -> tuple[Value, ...]:
        rule, speech, view = rules()[gap["code"]], self._speech, self._facts.view
        severity = speech.both(f"severity.{gap['severity']}")
        if gap["provisional"]:
            severity += "\n" + speech.both("provisional")
        return (
            Tag(gap["severity"], severity),
            f"{rule.title(speech.first)}\n{rule.title(speech.other)}",
            self._viewer.message(gap, speech.first),
            rule.closes(speech.first),
            view.unit_name(gap["unit_id"]),
            view.unit_name(gap["counterparty_unit_id"]),
            self._facts.person_name(gap["notify_person_id"]),
            local(gap["first_seen"], self._facts).date(),
            gap["code"],
            self._viewer.message(gap, speech.other),
        )

    # -- KRs ------------------------------------------------------------------------------------------

    def key_results(self) -> Sheet:
        """The meeting's KRs: how far each is carried, by whom, and how many requests hang on it."""
        columns = (
            self._column("holder", 13),
            self._column("number", 10),
            self._column("objective", 24),
            self._column("kr", 32),
            self._column("owners", 11),
            self._column("due", 11.5, "day"),
            self._column("confidence", 10.5, "share"),
            self._column("progress", 9.5, "share"),
            self._column("standing", 13, "tag"),
            self._column("stated_share", 8, "share"),
            self._column("carriers", 34),
            self._column("asks", 7.5, "number"),
            self._column("unanswered", 13, "number"),
        )
        return self._sheet("krs", columns, [self._key_result(row) for row in self._facts.key_results])

    def _key_result(self, row: Row) -> tuple[Value, ...]:
        facts, speech, viewer = self._facts, self._speech, self._viewer
        seen = shows(row, viewer)
        objective = facts.view.thing.get(("objective", row["objective_id"]))
        asks = facts.asks.get(row["id"], [])
        standing = row["standing"] or "none"
        carried = facts.carriers.get(("kr", row["id"]), [])
        whole = facts.carriers.get(("objective", row["objective_id"]), []) if standing == "whole" else []
        shares = [one["share"] for one in carried]
        return (
            facts.view.unit_name(row["unit_id"]),
            self._number(row),
            speech.words(objective, viewer),
            speech.words(row, viewer),
            self.people(row["owner_ids"]),
            row["due_on"] if seen else None,
            row["confidence"] if seen else None,
            row["progress"] if seen else None,
            Tag(f"carry_{standing}", speech.both(f"carry.{standing}")),
            sum(shares) if seen and shares and None not in shares else None,
            "\n".join(self._carrier(one, stated=seen) for one in [*carried, *whole]),
            len(asks),
            sum(one["response"] is None for one in asks),
        )

    def _carrier(self, row: Row, *, stated: bool) -> str:
        """Who carries a KR; its share only for those who may see both ends."""
        objective = self._facts.view.thing.get(("objective", row["objective_id"]))
        told = self._speech.called(objective, self._viewer)
        if objective is not None and stated and row["share"] is not None and shows(objective, self._viewer):
            told += f" {row['share']:.0%}"
        if not row["stated"]:
            told += f" ({self._speech.both('inferred', ' ')})"
        return told

    # -- requests -------------------------------------------------------------------------------------

    def requests(self, code: str, requests: Sequence[Row], *, askers: bool = True) -> Sheet:
        """Requests and how they stand; `askers`: with the unit that asks."""
        columns = [
            self._column("standing", 15, "tag"),
            self._column("asker", 13),
            self._column("number", 10),
            self._column("kr", 28),
            self._column("party", 13),
            self._column("point", 34),
            self._column("needed_by", 11.5, "day"),
            self._column("reason", 24),
            self._column("responded_by", 10.5),
            self._column("responded_on", 11.5, "day"),
            self._column("supporting", 24),
            self._column("decision", 10),
        ]
        rows = [self._request(row) for row in requests]
        if not askers:
            columns.pop(1)
            rows = [row[:1] + row[2:] for row in rows]
        return self._sheet(code, columns, rows)

    def _request(self, row: Row) -> tuple[Value, ...]:
        facts, speech, viewer = self._facts, self._speech, self._viewer
        kr = facts.view.thing.get(("kr", row["kr_id"]))
        seen = kr is not None and shows(kr, viewer)
        supporting = facts.view.thing.get(("kr", row["supporting_kr_id"] or ""))
        party = facts.view.unit_name(row["party_unit_id"]) or f"{row['party'] or ''}?"
        return (
            self.standing(row),
            facts.view.unit_name(row["unit_id"]),
            self._number(row),
            speech.words(kr, viewer),
            party if seen or row["party_unit_id"] else "?",
            row["point"] if seen else speech.both("confidential", " "),
            row["needed_by"] if seen else None,  # mostly the KR's own date
            row["response_reason"] if seen else None,
            self._responder(row["responded_by"]),
            None if row["responded_at"] is None else local(row["responded_at"], facts).date(),
            speech.called(supporting, viewer),
            speech.both(f"decision.{row['decision']}") if row["decision"] else None,
        )

    def standing(self, row: Row) -> Tag:
        """How a request stands, in its colour; what has changed since and what comes late beside it."""
        told = [self._speech.both(f"standing.{row['standing']}")]
        told += [self._speech.both(f"standing.{flag}", " ") for flag in ("stale", "late") if row[flag]]
        return Tag(f"standing_{row['standing']}", "\n".join(told))

    def _number(self, row: Row) -> str:
        """What a KR is called, without the unit's name, which stands beside it."""
        name = self._facts.view.unit_name(row["unit_id"])
        return (row["label"] or "").removeprefix(f"{name} ")

    def _responder(self, said: str | None) -> str | None:
        """Who answered, by name where it is a person's id."""
        return None if said is None else self._facts.person_name(said)

    def people(self, person_ids: Sequence[str] | None) -> str:
        """Names, one beside the other."""
        between = "、" if self._speech.first == "zh" else ", "
        return between.join(self._facts.person_name(one) for one in dict.fromkeys(person_ids or ()))

    # -- who asks whom --------------------------------------------------------------------------------

    def asking(self) -> Sheet:
        """The map of who asks whom: a row for each unit that asks, a column for each that is asked."""
        facts, speech = self._facts, self._speech
        pairs: dict[tuple[str, str], list[Row]] = {}
        for row in facts.requests:
            pairs.setdefault((row["unit_id"], row["party_unit_id"]), []).append(row)
        rank = {unit: at for at, unit in enumerate(facts.units)}

        def order(units: set[str]) -> list[str]:
            return sorted(units, key=lambda unit: (rank.get(unit, len(rank)), unit))

        askers, asked = order({one for one, _ in pairs}), order({other for _, other in pairs})
        columns = [
            self._column("asks_down", 22),
            *(Column(facts.view.unit_name(unit) or unit, 16, "tag") for unit in asked),
            self._column("sum", 12, "tag"),
        ]
        rows: list[tuple[Value, ...]] = []
        for one in askers:
            cells = [self._pair(pairs.get((one, other), [])) for other in asked]
            every = [row for other in asked for row in pairs.get((one, other), [])]
            rows.append((facts.view.unit_name(one), *cells, self._pair(every)))
        if rows:
            columns_of = [[row for one in askers for row in pairs.get((one, other), [])] for other in asked]
            rows.append((speech.both("column.sum", " "), *map(self._pair, columns_of), self._pair(facts.requests)))
        return self._sheet("asking", columns, rows)

    def _pair(self, requests: Sequence[Row]) -> Tag | None:
        if not requests:
            return None
        answered = sum(row["response"] is not None for row in requests)
        standings = {row["standing"] for row in requests}
        if "refused" in standings:
            style = "standing_refused"
        elif answered < len(requests):
            style = "standing_unanswered"
        elif "clarify" in standings or "unplanned" in standings:
            style = "standing_clarify"
        else:
            style = "standing_planned"
        return Tag(style, f"{answered} / {len(requests)}")

    # -- shapes ---------------------------------------------------------------------------------------

    def _column(self, code: str, width: float, kind: Kind = "text") -> Column:
        return Column(self._speech.both(f"column.{code}"), width, kind)

    def _sheet(self, code: str, columns: Sequence[Column], rows: list[tuple[Value, ...]]) -> Sheet:
        return Sheet(
            name=self._speech.both(f"sheet.{code}", " "),
            about=self._speech.both(f"about.{code}"),
            columns=tuple(columns),
            rows=rows,
            nothing=self._speech.both(f"nothing.{code}"),
        )
