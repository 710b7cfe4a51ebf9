"""`okr decide conflict`: whose word stands where sources differ."""

from __future__ import annotations

from okr.cli import rooms, tables
from okr.cli.decide import who_decides
from okr.cli.options import Common
from okr.cli.speech import say
from okr.cli.why import field_named
from okr.errors import CallError


def conflict(  # noqa: PLR0913 - all that a decision is made of
    thing: str,
    field: str,
    source: str | None = None,
    /,
    *,
    value: str | None = None,
    kind: str | None = None,
    why: str = "",
    who: str | None = None,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Decide which source is right about a field of a thing, or what else is."""
    if (source is None) == (value is None):
        raise CallError("decide_one_of", one="SOURCE", other="--value")
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        from okr.reconcile import settling  # noqa: PLC0415
        from okr.reconcile.why import find  # noqa: PLC0415

        found = find(reader.house, thing, kind)
        name = field_named(found.table, field)
        try:
            details = settling.decided(reader.house, found, name, source, value, known.zone)
        except CallError as error:
            if error.code != "value_refused":
                raise
            reason = say(f"quarantine.{error.values['reason']}", value=value)
            raise CallError("value_refused", field=name, value=value, reason=reason) from None
    with rooms.ledger(known) as ledger:
        entry = ledger.decide(
            "conflict",
            f"{found.id} {name}",
            "source" if source is not None else "value",
            who_decides(who),
            why,
            rooms.now(known),
            details,
        )
    told = say(
        "cli.decide.source_stands" if source is not None else "cli.decide.value_stands", source=source, value=value
    )
    tables.line(say("cli.decide.settled", entry=entry, field=say(f"field.{name}"), id=found.id, told=told))
    tables.line(say("cli.decide.next_sync"))
    return 0
