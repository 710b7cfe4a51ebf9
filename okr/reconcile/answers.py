"""Answers to requests: brought out of what sources delivered, and merged as the ledger's own word.

An answer is taken as a whole: where the ledger has one, its response stands with its own reason and supporting KR or
with none, and never beside another source's.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from okr.reconcile.intake import as_json
from okr.reconcile.likeness import nearest
from okr.reconcile.lookup import Directory, Unresolved
from okr.reconcile.precedence import LEDGER
from okr.reconcile.upper import UpperKrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from okr.ledger import Answer, Standing
    from okr.reconcile.warehouse import Warehouse
    from okr.report import Report

ANSWERS = "answers"
"""Stands for a table in `store.reference` where a connector says what was answered."""

RESPONSE, DECISION = "response", "decision"
OF_RESPONSE = ("response", "response_reason", "responded_by", "responded_at", "supporting_kr_id")
OF_DECISION = ("decision", "decided_by")

_BESIDE = re.compile(r"[\s()（）\[\]【】<>,，、]+")

_COLUMNS: dict[str, Any] = {
    **dict.fromkeys((*OF_RESPONSE, *OF_DECISION), pl.String),
    "responded_at": pl.Datetime("us", "UTC"),
}


class _Asked(NamedTuple):
    """A request: whom it asks, in what period, the KR that asks."""

    party: str | None
    kr_id: str
    period_id: str | None


def delivered(house: Warehouse, at: datetime) -> list[Answer]:
    """Return what sources say was answered, as they stand in `store`.

    Args:
        house: with what was delivered.
        at: the time of the run, at which they are recorded.
    """
    from okr.ledger import Answer  # noqa: PLC0415 - SQLAlchemy, which readers of gaps do not wait for

    rows = house.rows(
        'select distinct source, scope, "row", field, candidates[1], place from store.reference '
        'where "table" = $table order by all',
        table=ANSWERS,
    )
    found: list[Answer] = []
    for source, scope, handshake_id, kind, said, place in rows:
        told = json.loads(said)
        # Where a clock is ahead, its answers do not stand before later ones for years.
        said_at = min(datetime.fromisoformat(told["said_at"]).astimezone(UTC), at)
        found.append(
            Answer(handshake_id, kind, told["values"], told["who"], told["how"], said_at, at, source, scope, place)
        )
    return found


def canonical(answers: Sequence[Answer], now: Callable[[str, str], str]) -> list[Answer]:
    """Return the answers under the ids that requests and KRs have now; `now` gives that of a kind and an id."""
    ids = {one: now("handshake", one) for one in {answer.handshake_id for answer in answers}}
    named = {text for answer in answers if (text := answer.content.get("supporting_kr_id")) is not None}
    krs = {one: now("kr", one) for one in named}
    found = []
    for answer in answers:
        content = dict(answer.content)
        if (text := content.get("supporting_kr_id")) is not None:
            content["supporting_kr_id"] = krs[text]
        found.append(replace(answer, handshake_id=ids[answer.handshake_id], content=content))
    return found


def merged(house: Warehouse, rows: str, answers: Sequence[Answer], report: Report, at: datetime) -> str:
    """Return the relation of handshakes with what was answered as rows of the source `ledger`.

    Makes `merged.answers`, every answer that counts with who gave it, and puts into quarantine what differs within
    a minute and supporting KRs that nobody knows.

    Args:
        house: with everything merged but handshakes.
        rows: the relation of handshakes, laid out like `store.handshakes`.
        answers: all of the ledger, under canonical ids.
        report: told of new answers to requests that are not there any more.
        at: the time of the run.
    """
    _make_list(house)
    if not answers:
        return rows
    asked = {
        handshake_id: _Asked(party, kr_id, period_id)
        for handshake_id, party, kr_id, period_id in house.rows(
            f"select h.handshake_id, any_value(h.party), any_value(h.kr_id), any_value(o.period_id) from {rows} h "
            "left join merged.key_results k on k.kr_id = h.kr_id "
            "left join merged.objectives o on o.objective_id = k.objective_id group by 1"
        )
    }
    from okr.ledger import standing  # noqa: PLC0415 - as above

    counting = [one for one in standing(answers) if one.handshake_id in asked]
    gone = {answer.handshake_id for answer in answers if answer.at == at} - asked.keys()
    if gone:
        report.note("answers_to_nothing", count=len(gone))
    if not counting:
        return rows
    told = _Told(house, asked)
    frame = told.rows(counting)
    if told.has_refused:
        house.add("store.quarantine", told.refused())
    house.add("merged.answers", told.list(counting))
    _write(house, rows, frame)
    return "merged.answered_handshakes"


def _make_list(house: Warehouse) -> None:
    house.run(
        "create or replace table merged.answers (handshake_id varchar, kind varchar, who varchar, person_id varchar, "
        "how varchar, said_at timestamptz, source varchar, place varchar)"
    )


def _write(house: Warehouse, rows: str, frame: pl.DataFrame) -> None:
    """Make `merged.answered_handshakes`: what others say beside an answer that has no such value is left out."""
    with house.lent(given=frame):
        house.run("create or replace temp table given_answer as select * from given")
    parts = []
    for names, has in ((OF_RESPONSE, "responded"), (OF_DECISION, "decided")):
        parts += [f"case when a.{has} and a.{name} is null then null else h.{name} end as {name}" for name in names]
    house.run(
        "create or replace table merged.answered_handshakes as "
        f"select h.* replace ({', '.join(parts)}) from {rows} h left join given_answer a using (handshake_id)"
    )
    house.run(
        "insert into merged.answered_handshakes by name select * exclude (responded, decided), "
        f"'{LEDGER}' as source, '{LEDGER}' as scope, '{LEDGER}' as part from given_answer"
    )
    house.run("drop table given_answer")


class _Told:
    """The answers that count, on their way to rows of handshakes."""

    def __init__(self, house: Warehouse, asked: dict[str, _Asked]) -> None:
        self._house = house
        self._asked = asked
        self._directory = Directory.of(house)
        self._upper: UpperKrs | None = None
        self._krs = {kr_id for (kr_id,) in house.rows("select kr_id from merged.key_results")}
        self._refused: list[dict[str, Any]] = []

    @property
    def has_refused(self) -> bool:
        """Whether anything was refused."""
        return bool(self._refused)

    def rows(self, counting: Iterable[Standing]) -> pl.DataFrame:
        """Return a row for each request that was answered, with what was answered."""
        found: dict[str, dict[str, Any]] = {}
        for one in counting:
            self._refuse_rivals(one)
            if one.counts is None:
                continue
            row = found.setdefault(
                one.handshake_id,
                {"handshake_id": one.handshake_id, "place": one.counts.place, "responded": False, "decided": False},
            )
            row |= self._response(one.counts) if one.kind == RESPONSE else self._decision(one.counts)
        schema = {"handshake_id": pl.String, "place": pl.String, "responded": pl.Boolean, "decided": pl.Boolean}
        return pl.DataFrame(list(found.values()), schema={**schema, **_COLUMNS})

    def list(self, counting: Iterable[Standing]) -> pl.DataFrame:
        """Return the answers that count, with who gave them and how that is known."""
        rows = [
            {
                "handshake_id": one.handshake_id,
                "kind": one.kind,
                "who": one.counts.who,
                "person_id": self._person(one.counts),
                "how": one.counts.how,
                "said_at": one.counts.said_at,
                "source": one.counts.source,
                "place": one.counts.place,
            }
            for one in counting
            if one.counts is not None
        ]
        return pl.DataFrame(rows, schema_overrides={"who": pl.String, "person_id": pl.String})

    def refused(self) -> pl.DataFrame:
        """Return what was refused, as rows of the quarantine."""
        schema = {"field": pl.String, "value": pl.String, "row_unit": pl.String}
        return pl.DataFrame(self._refused, schema_overrides=schema)

    def _response(self, answer: Answer) -> dict[str, Any]:
        content = answer.content
        given = content.get("response") is not None
        return {
            "responded": True,
            "response": content.get("response"),
            "response_reason": content.get("response_reason"),
            "supporting_kr_id": self._supporting(answer),
            "responded_by": self._person(answer) or answer.who if given else None,
            "responded_at": answer.said_at if given else None,
        }

    def _decision(self, answer: Answer) -> dict[str, Any]:
        decision = answer.content.get("decision")
        by = self._person(answer) or answer.who
        return {"decided": True, "decision": decision, "decided_by": by if decision is not None else None}

    def _person(self, answer: Answer) -> str | None:
        """Return who answered, where the name means one person; of several the one in the unit that was asked."""
        if answer.who is None:
            return None
        try:
            return self._directory.person(_called(answer.who), self._unit(answer.handshake_id))
        except Unresolved:
            return None

    def _unit(self, handshake_id: str) -> str | None:
        party = self._asked[handshake_id].party
        try:
            return self._directory.unit([party]) if party else None
        except Unresolved:
            return None

    def _supporting(self, answer: Answer) -> str | None:
        """Return the supporting KR that is named: by id, else by number or words in the unit that was asked."""
        text = answer.content.get("supporting_kr_id")
        if text is None or text in self._krs:
            return text
        asked, unit_id = self._asked[answer.handshake_id], self._unit(answer.handshake_id)
        if self._upper is None:
            self._upper = UpperKrs.of(self._house, self._directory)
        found: set[str] = set()
        if unit_id is not None and asked.period_id is not None:
            found = self._upper.krs_of(text, unit_id, asked.period_id)
        if len(found) == 1:
            return next(iter(found))
        code = "ambiguous_supporting" if found else "unknown_supporting"
        known = sorted(self._upper.labels[kr] for kr in found) or nearest([text], list(self._krs))[text]
        self._refuse(answer, "supporting_kr_id", text, code, {"nearest": known})
        return None

    def _refuse_rivals(self, one: Standing) -> None:
        places = [answer.place for answer in one.refused]
        for answer in one.refused:
            others = [place for place in places if place != answer.place]
            said = answer.content.get(one.kind)
            self._refuse(answer, one.kind, said, "answers_differ", {"others": others, "who": answer.who or ""})

    def _refuse(self, answer: Answer, name: str, value: str | None, code: str, values: dict[str, object]) -> None:
        self._refused.append(
            {
                "source": answer.source,
                "scope": answer.scope,
                "table": "handshakes",
                "record_id": answer.handshake_id,
                "row_unit": None,
                "parent_id": self._asked[answer.handshake_id].kr_id,
                "place": answer.place,
                "field": name,
                "value": value[:200] if value else None,
                "code": code,
                "values": as_json({"value": value or "", **values}),
                "whole": False,
            }
        )


def _called(who: str) -> list[str]:
    """Return the ways in which somebody may be known who wrote a name, perhaps with a number or login beside it.

    >>> _called("唐悦 C0013"), _called("Tang Yue")
    (['唐悦 C0013', 'C0013', '唐悦'], ['Tang Yue'])
    """
    pieces = [piece.lstrip("@") for piece in _BESIDE.split(who) if piece.lstrip("@")]
    numbers = [piece for piece in pieces if any(sign.isdigit() for sign in piece) or "@" in piece]
    rest = " ".join(piece for piece in pieces if piece not in numbers)
    return list(dict.fromkeys(text for text in (who, *numbers, rest) if text))
