"""`okr identities` and `okr decide identity`: what is the same in several sources, and what a person says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from okr.cli import columns, rooms, tables
from okr.cli.decide import who_decides
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say
from okr.cli.tables import Field, clock, plain
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from okr.ledger import Decision

    Row = Mapping[str, object]

Kind = Literal["unit", "person", "period", "objective", "kr", "handshake", "meeting"]
SHOWN = 200


def identities(
    thing: str | None = None,
    /,
    *,
    kind: Kind | None = None,
    open: bool = False,  # noqa: A002 - the option is named so
    all: bool = False,  # noqa: A002
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List under which ids sources know the same things, and what may be the same."""
    from okr.reconcile.identity import asking  # noqa: PLC0415

    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        rows = [] if open else asking.listed(reader, kind=kind, thing=thing, all_of_them=all)
        unsettled = asking.unsettled(reader, kind=kind) if open or want.table else []
    if thing is not None:
        ids = {row["id"] for row in rows} | {thing}
        unsettled = [row for row in unsettled if row["id"] in ids or row["candidate"] in ids]

    def table() -> None:
        if rows:
            tables.show(rows[:SHOWN], _fields(known.zone))
        elif not open:
            tables.line(say("cli.identities.none"))
        if unsettled:
            tables.line(say("cli.identities.open", count=len(unsettled)))
            tables.show(unsettled[:SHOWN], OPEN)
            tables.remark(say("cli.identities.decide"))
        elif open:
            tables.line(say("cli.identities.nothing_open"))
        if len(rows) > SHOWN or len(unsettled) > SHOWN:
            tables.remark(say("cli.identities.more", count=max(len(rows), len(unsettled)) - SHOWN))

    put(unsettled if open else rows, columns.UNSETTLED if open else columns.IDENTITIES, want, table)
    return 0


def identity(
    a: str,
    b: str,
    verdict: Literal["same", "different"],
    /,
    *,
    kind: Kind | None = None,
    why: str = "",
    who: str | None = None,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Decide whether two things are the same one."""
    from okr.reconcile.identity import asking  # noqa: PLC0415

    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        of, ends = asking.two(reader, (a, b), kind)
    details = {"kind": of, "a": ends[0], "b": ends[1]}
    with rooms.ledger(known) as ledger:
        if against := _against(ledger.decisions("identity"), of, ends, verdict):
            raise CallError("identity_contradiction", entries=against)
        entry = ledger.decide("identity", f"{a} = {b}", verdict, who_decides(who), why, rooms.now(known), details)
    tables.line(say(f"cli.decide.identity_{verdict}", a=a, b=b, entry=entry))
    tables.line(say("cli.decide.next_sync"))
    return 0


def _against(standing: Iterable[Decision], kind: str, ends: list[dict[str, str | None]], verdict: str) -> list[int]:
    """Return the decisions that say, taken together, that it is otherwise; of the very same pair the later counts."""
    from okr.reconcile.identity.verdicts import End, contradicting  # noqa: PLC0415

    def end(told: Mapping[str, str | None]) -> End:
        return End(str(told["id"]), told.get("source"))

    said = [
        (one.entry_id, end(one.details["a"]), end(one.details["b"]), one.decision == "same")
        for one in standing
        if one.details.get("kind") == kind
    ]
    return contradicting(said, (end(ends[0]), end(ends[1])), same=verdict == "same")


def _called(row: Row, key: str, name: str) -> str:
    return f"{row[name]} ({row[key]})" if row[name] and row[name] != row[key] else str(row[key])


def _fields(zone: ZoneInfo) -> tuple[Field, ...]:
    return (
        Field("kind", lambda row: say(f"cli.identities.kind.{row['kind']}")),
        Field("thing", lambda row: _called(row, "id", "name"), ratio=4),
        Field("source", plain("source"), ratio=2),
        Field("source_id", plain("source_id"), ratio=3),
        Field("how", lambda row: say(f"cli.identities.how.{row['how']}"), ratio=2),
        Field("since", lambda row: clock(row["since"], zone)),
    )


OPEN = (
    Field("kind", lambda row: say(f"cli.identities.kind.{row['kind']}")),
    Field("thing", lambda row: _called(row, "id", "name"), ratio=4),
    Field("candidate", lambda row: _called(row, "candidate", "candidate_name"), ratio=4),
    Field("case", lambda row: say(f"cli.identities.case.{row['case']}"), ratio=3),
    Field("how", lambda row: say(f"cli.identities.how.{row['how']}"), ratio=2),
    Field("place", plain("place"), ratio=3),
)
