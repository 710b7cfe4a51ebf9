"""What people answered: of each request the latest answer counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from okr.ledger.entries import Answer, Standing
from okr.ledger.tables import ANSWERS, clean, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from okr.ledger.store import Store

MINUTE = timedelta(minutes=1)


class Answers:
    """The ledger's part that holds answers to requests. One is added, never changed."""

    _store: Store

    def answer(self, told: Sequence[Answer]) -> list[Answer]:
        """Add answers that are new; return these.

        What a workbook still says that said it before is no new answer, however often it is saved: nobody
        answered anew. Neither is a copy of it under another name.
        """
        if not told:
            return []
        # The second of two that do this at once waits here, and then sees what the first one added.
        with self._store.writing() as connection:
            rows = connection.execute(select(ANSWERS).order_by(ANSWERS.c.said_at, ANSWERS.c.entry_id))
            fresh = _new([Answer(**row._mapping) for row in rows], told)
            if fresh:
                connection.execute(insert(ANSWERS), [_row(answer) for answer in fresh])
        return fresh

    def answers(self) -> list[Answer]:
        """Return all answers, by the time at which they were given."""
        wanted = select(ANSWERS).order_by(ANSWERS.c.said_at, ANSWERS.c.entry_id)
        with self._store.reading() as connection:
            return [Answer(**row._mapping) for row in connection.execute(wanted)]


def standing(answers: Iterable[Answer]) -> list[Standing]:
    """Return of each request and kind the answer that counts: the latest.

    Of two that differ, given within the same minute in different places, nobody can tell which is the later one:
    all of that minute are refused, and the one before them counts.
    """
    by_request: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        by_request.setdefault((answer.handshake_id, answer.kind), []).append(answer)
    return [_standing(told) for _, told in sorted(by_request.items())]


def _standing(told: list[Answer]) -> Standing:
    """Return which of the answers to one request counts, and which are refused."""
    # Whoever saves the same workbook again corrects what stood there.
    by_place: dict[tuple[str, str], list[Answer]] = {}
    for answer in sorted(told, key=_order):
        by_place.setdefault((answer.source, answer.scope), []).append(answer)
    latest = sorted((answers[-1] for answers in by_place.values()), key=_order)
    last = latest[-1]
    near = [answer for answer in latest if last.said_at - answer.said_at < MINUTE]
    if all(answer.content == last.content for answer in near):
        return Standing(last.handshake_id, last.kind, last)
    refused = {id(answer) for answer in near}
    before = [
        answer
        for answer in sorted(told, key=_order)
        if id(answer) not in refused and last.said_at - answer.said_at >= MINUTE
    ]
    return Standing(last.handshake_id, last.kind, before[-1] if before else None, tuple(near))


def _order(answer: Answer) -> tuple[object, int]:
    return answer.said_at, answer.entry_id or 0


def _new(known: Sequence[Answer], told: Sequence[Answer]) -> list[Answer]:
    """Return the answers that the ledger does not know."""
    last: dict[tuple[str, ...], object] = {}
    given: set[tuple[object, ...]] = set()
    for answer in known:
        last[_place(answer)] = answer.content
        given.add(_giving(answer))
    fresh = []
    for answer in sorted(told, key=_order):
        place, giving = _place(answer), _giving(answer)
        if last.get(place) == answer.content or giving in given:
            continue
        last[place] = answer.content
        given.add(giving)
        fresh.append(answer)
    return fresh


def _place(answer: Answer) -> tuple[str, ...]:
    return answer.source, answer.scope, answer.handshake_id, answer.kind


def _giving(answer: Answer) -> tuple[object, ...]:
    content = tuple(sorted(answer.content.items()))
    return answer.handshake_id, answer.kind, content, answer.said_at, answer.who


def _row(answer: Answer) -> dict[str, object]:
    texts = ("handshake_id", "kind", "how", "source", "scope", "place")
    row: dict[str, object] = {name: clean(getattr(answer, name)) for name in texts}
    who = None if answer.who is None else clean(answer.who)
    return row | {"at": answer.at, "said_at": answer.said_at, "who": who, "content": plain(dict(answer.content))}
