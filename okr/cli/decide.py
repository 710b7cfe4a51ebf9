"""`okr decide …`: what only a person can decide, with who, when and why; it can be taken back."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Literal

from okr.cli import rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say
from okr.cli.tables import Field, clock, plain
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from okr.ledger import Decision
    from okr.settings import Settings

    Row = Mapping[str, object]


def delivery(
    source: str,
    verdict: Literal["accept", "refuse"],
    /,
    *,
    why: str = "",
    who: str | None = None,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Decide whether a delivery that was held back is used."""
    known = rooms.settings(common.config)
    held = _held(known, source)
    with rooms.ledger(known) as ledger:
        entry = ledger.decide("delivery", source, verdict, who_decides(who), why, rooms.now(known), {"delivery": held})
    tables.line(
        say(
            f"cli.decide.{verdict}ed" if verdict == "accept" else "cli.decide.refused",
            source=source,
            entry=entry,
        )
    )
    tables.line(say("cli.decide.next_sync"))
    return 0


def standing(
    *,
    all: bool = False,  # noqa: A002 - the option is named so
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List the decisions that stand, and the deliveries that wait for one."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    waiting, conflicts = _waiting(known), _conflicts(known)
    with rooms.ledger(known) as ledger:
        decisions = ledger.decisions(history=all)
    decided = {(d.subject, d.details.get("delivery")) for d in decisions if d.kind == "delivery"}
    waiting = {source: held for source, held in waiting.items() if (source, held) not in decided}

    def table() -> None:
        for source in waiting:
            tables.line(say("cli.decide.waiting", source=source))
        if conflicts:
            tables.line(say("cli.decide.conflicts", count=conflicts))
        if decisions:
            tables.show([_for_everybody(_row(one)) for one in decisions], _fields(known.zone))
        else:
            tables.line(say("cli.decide.none"))

    from okr.cli.columns import DECISIONS  # noqa: PLC0415

    rows = [_row(one) for one in decisions]
    put(rows if want.file is None else [_for_everybody(row) for row in rows], DECISIONS, want, table)
    return 0


def take_back(
    entry: int,
    /,
    *,
    why: str = "",
    who: str | None = None,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Take a decision back, by the number that `okr decide list` shows."""
    known = rooms.settings(common.config)
    with rooms.ledger(known) as ledger:
        ledger.take_back(entry, who_decides(who), why, rooms.now(known))
    tables.line(say("cli.decide.taken_back", entry=entry))
    tables.line(say("cli.decide.next_sync"))
    return 0


def _held(known: Settings, source: str) -> str:
    """The delivery of a source that waits.

    Raises:
        CallError: `unknown_source`, `nothing_held`.
    """
    rooms.known_source(known, source)
    waiting = _waiting(known)
    if source not in waiting:
        raise CallError("nothing_held", source=source, waiting=list(waiting))
    return waiting[source]


def _waiting(known: Settings) -> dict[str, str]:
    """The held delivery of each source that has one."""
    try:
        with rooms.reader(known) as reader:
            return {
                str(row["source"]): str(row["held_delivery"]) for row in reader.sources() if row.get("held_delivery")
            }
    except CallError as error:
        if error.code == "no_warehouse":
            return {}  # no run yet, so nothing waits
        raise


def _conflicts(known: Settings) -> int:
    """How many fields sources differ in that nobody has decided."""
    try:
        with rooms.reader(known) as reader:
            return len(reader.conflicts())
    except CallError as error:
        if error.code == "no_warehouse":
            return 0
        raise


def who_decides(who: str | None) -> str:
    """Who decides: as the call says, else the account's name."""
    if who and who.strip():
        return who.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"  # an account without a name, as in some containers


def _row(one: Decision) -> Row:
    return {
        "entry_id": one.entry_id,
        "at": one.at,
        "who": one.who,
        "kind": one.kind,
        "subject": one.subject,
        "decision": one.decision,
        "why": one.why,
        "takes_back": one.takes_back,
        "details": one.details,
    }


def _for_everybody(row: Row) -> Row:
    """A decision as anybody may read it: of what is confidential the value stays away."""
    details: Mapping[str, object] = row["details"] or {}  # type: ignore[assignment]
    if not details.get("hidden"):
        return row
    kept = {name: value for name, value in details.items() if name not in {"value", "norm", "said"}}
    return {**row, "details": {**kept, "value": say("cli.quarantine.hidden")}}


def _what(row: Row) -> str:
    if row["takes_back"] is not None:
        return say("cli.decide.took_back", entry=row["takes_back"])
    details: Mapping[str, object] = row["details"] or {}  # type: ignore[assignment]
    return say(f"cli.verdict.{row['decision']}", **details)


def _fields(zone: ZoneInfo) -> tuple[Field, ...]:
    return (
        Field("entry", plain("entry_id"), right=True),
        Field("at", lambda row: clock(row["at"], zone)),
        Field("who", plain("who"), ratio=2),
        Field(
            "subject",
            lambda row: f"{say('cli.kind.' + str(row['kind']))} {row['subject']}",
            ratio=3,
        ),
        Field("decision", _what, ratio=2),
        Field("why", plain("why"), ratio=4),
    )
