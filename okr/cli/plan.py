"""`okr plan` and `okr apply`: what would be written and sent, row by row; then just that."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from okr.cli import columns, rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.progress import reporting
from okr.cli.speech import say, spoken
from okr.cli.tables import Field, plain, word
from okr.errors import RunError
from okr.texts.values import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from okr.errors import OkrError
    from okr.publish.plan import Outcome, Plan
    from okr.settings import Settings

    Row = Mapping[str, object]

SHOWN = 200
"""Rows that a table shows."""

LONGEST = 160
"""Characters of a value that a table shows."""


def plan(
    *,
    target: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """Show what would be written and sent, row by row with the old and the new value."""
    want = wanted(listed)
    with reporting() as report:
        report.stage("settings")
        known = rooms.settings(common.config)
        names, found = rooms.plan(known, target, report)
    rows = [vars(row) for row in found.rows]
    put(rows, columns.PLAN, want, lambda: _show(known, found, rows, names))
    rooms.plan_shown(known, found, names, who())
    return 0


def apply(
    plan: str | None = None,
    /,
    *,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Write just what a plan has shown."""
    with reporting() as report:
        report.stage("settings")
        known = rooms.settings(common.config)
        outcomes = rooms.apply(known, plan, who(), report)
    for outcome in outcomes:
        tables.line(_outcome(outcome))
    failed = any(outcome.state not in {"written", "unchanged"} for outcome in outcomes)
    return RunError.exit_status if failed else 0


def who() -> str:
    """The name of the account."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"  # an account without a name, as in some containers


def _show(known: Settings, found: Plan, rows: Sequence[Row], names: Sequence[str]) -> None:
    if not rows:
        tables.line(say("cli.plan.nothing"))
        return
    tables.show(rows[:SHOWN], FIELDS)
    if len(rows) > SHOWN:
        tables.remark(say("cli.plan.more", shown=SHOWN, more=len(rows) - SHOWN, count=len(rows)))
    tables.remark(say("cli.plan.id", plan=found.plan_id, parts=_joined(_parts(found))))
    off = [name for name in names if not rooms.target_enabled(known, name)]
    if off:
        tables.line(say("cli.plan.off", targets=off))
    else:
        tables.line(say("cli.plan.next", plan=found.plan_id))


def _parts(found: Plan) -> list[str]:
    from okr.publish.plan import counted  # noqa: PLC0415 - not for --help

    parts = []
    for name in found.targets():
        rows = found.of_target(name)
        parts.append(say("cli.plan.part", target=name, count=len(rows), actions=_actions(counted(rows))))
    return parts


def _actions(counts: Mapping[str, int]) -> str:
    return _joined([f"{say(f'cli.action.{action}')} {count}" for action, count in counts.items() if count])


def _joined(parts: Sequence[str]) -> str:
    return WORDS[spoken()]["comma"].join(parts)


def _outcome(outcome: Outcome) -> str:
    match outcome.state:
        case "written":
            told = [
                say("cli.apply.table", table=table, actions=_actions(counts))
                for table, counts in outcome.counts.items()
            ]
            return say("cli.apply.written", target=outcome.target, counts=_joined(told))
        case "unchanged":
            return say("cli.apply.unchanged", target=outcome.target)
        case "conflict":
            things = list(dict.fromkeys(row.thing for row in outcome.conflicts))[:20]
            return say("cli.apply.conflict", target=outcome.target, things=things)
        case _:
            return say("cli.apply.failed", target=outcome.target, reason=_reason(outcome.error))


def _reason(error: OkrError | None) -> str:
    return "" if error is None else say(f"error.{error.code}", **error.values)


def _value(name: str) -> Any:  # noqa: ANN401 - a column's text for a row
    """What stands in a row, as people write it; JSON is for programs."""

    def told(row: Row) -> str:
        value = row[name]
        if value is None:
            return ""
        try:
            parts = json.loads(str(value))
        except ValueError:
            parts = None
        text = " · ".join(f"{key}: {_plain(part)}" for key, part in parts.items()) if isinstance(parts, dict) else value
        text = str(text)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

    return told


def _plain(value: object) -> str:
    return "–" if value is None else str(value)


FIELDS = (
    Field("target", plain("target")),
    Field("action", word("action", "action")),
    Field("thing", plain("thing"), ratio=3),
    Field("old", _value("old"), ratio=4),
    Field("new", _value("new"), ratio=4),
)
