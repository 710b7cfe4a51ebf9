"""Two sources that claim one id for different things. They stay one (RULES, Ids) until somebody decides otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.reconcile.identity import forms
from okr.reconcile.identity.kinds import KEY
from okr.reconcile.identity.references import meaning
from okr.reconcile.identity.tokens import FIELDS, Said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from okr.reconcile.warehouse import Warehouse

UNLIKE = 50.0
"""Titles less alike than this, of 100, share no more than the words that all goals are made of."""

_DIFFER = {
    "unit": "count(distinct parent_id) > 1 and count(distinct name) > 1",
    "person": "count(distinct lower(email)) > 1 and count(distinct name) > 1",
    "period": "max(starts_on) > min(ends_on)",
    "objective": "count(distinct unit_id) > 1 and count(distinct title) > 1",
    "kr": "count(distinct objective_id) > 1 and count(distinct title) > 1",
    "handshake": "count(distinct kr_id) > 1 and count(distinct party) > 1",
    "meeting": "count(distinct unit_id) > 1 and count(distinct period_id) > 1",
}
"""Where they stand, and what they say, are both others: one alone is a conflict of values (SY601)."""


def claimed(house: Warehouse, kind: str, rows: str, renamed: Collection[str]) -> Iterator[str]:
    """Return the ids under which two sources speak of different things.

    Args:
        house: with `renamed`.
        kind: of the things.
        rows: the relation of what the sources say.
        renamed: the kinds of which ids were renamed.
    """
    key = KEY[kind]
    chosen, joins = [f"s.{key} as id", "s.source"], ""
    for number, (column, of) in enumerate(FIELDS[kind]):
        told, join = meaning(of, column, f"r{number}", renamed) if of else (f"s.{column}", "")
        chosen.append(f"{told} as {column}")
        joins += join
    own = f"select {key} from {rows} group by {key} having count(distinct source) > 1"
    shared = f"select {', '.join(chosen)} from {rows} s{joins} where s.{key} in ({own})"
    names = [column for column, _ in FIELDS[kind]]
    found: dict[str, Said] = {}
    for id_, source, *values in house.rows(
        f"with shared as ({shared}), differing as (select id from shared group by id having {_DIFFER[kind]}) "
        f"select * from shared where id in (select id from differing) order by id, source"
    ):
        found.setdefault(id_, Said(id_)).rows.append((source, dict(zip(names, values, strict=True))))
    yield from (one.id for one in found.values() if _unlike(kind, one))


def _unlike(kind: str, said: Said) -> bool:
    """Whether no two sources' words have anything in common."""
    rows = said.rows
    return any(
        _two(kind, a, b) for number, (one, a) in enumerate(rows) for other, b in rows[number + 1 :] if one != other
    )


def _two(kind: str, a: dict[str, Any], b: dict[str, Any]) -> bool:
    if kind in {"unit", "person"}:
        if kind == "person":
            mine, theirs = (forms.person_tokens([row["name"], *(row["aliases"] or ())]) for row in (a, b))
            letters = {said for _, said in mine} & {said for _, said in theirs}
            where = (a["email"] or "").lower() != (b["email"] or "").lower() and a["email"] and b["email"]
            return bool(where and mine and theirs and not letters)
        mine, theirs = ({forms.folded(t) for t in (row["name"], *(row["aliases"] or ())) if t} for row in (a, b))
        return bool(a["parent_id"] and b["parent_id"] and a["parent_id"] != b["parent_id"] and not mine & theirs)
    if kind in {"objective", "kr"}:
        from rapidfuzz import fuzz  # noqa: PLC0415 (only where ids clash)

        where = "unit_id" if kind == "objective" else "objective_id"
        if not (a["title"] and b["title"]) or a[where] == b[where]:
            return False
        return fuzz.ratio(forms.titled(a["title"]), forms.titled(b["title"])) < UNLIKE
    return True
