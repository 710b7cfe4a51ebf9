"""What is written to targets: shown first, applied as shown, and by the nightly run for each target that is on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from okr.errors import CallError, OkrError
from okr.publish.plan import Outcome, Plan
from okr.settings import now, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from okr.ledger import Ledger
    from okr.ledger.entries import PlanShown
    from okr.publish.plan import Target
    from okr.publish.targets import ViewsTarget
    from okr.report import Report
    from okr.settings import Block, Settings

MAIL = "mail"
"""The name of the target that mails are."""

VALID_FOR = timedelta(days=1)
"""For how long a plan that was shown may be applied."""

NAMED = 20
"""Differences between two plans that an error names for each target."""


def plan(settings: Settings, names: Sequence[str] | None = None, *, report: Report, block: Block | None = None) -> Plan:
    """Find out what would be written and sent now. Changes nothing.

    Args:
        settings: of the enterprise.
        names: the targets to look at, also those that are off; None: all that are on.
        report: told of the stage.
        block: reads a Prefect Secret block.

    Raises:
        CallError: `unknown_target`, `no_target_on`, or a secret that is missing.
        RunError: a target cannot be read.
    """
    wanted = chosen(settings, names)
    with _targets(settings, block) as known:
        return _plan(known, wanted, report)


def chosen(settings: Settings, names: Sequence[str] | None) -> list[str]:
    """The targets that are meant, in the order of the settings.

    Raises:
        CallError: `unknown_target`, `no_target_on`.
    """
    order = [*settings.targets, MAIL]
    for name in names or ():
        if name not in order:
            from okr.reconcile.likeness import nearest  # noqa: PLC0415

            raise CallError("unknown_target", target=name, nearest=nearest([name], order)[name], known=order)
    if names:
        return [name for name in order if name in names]
    found = [name for name in order if enabled(settings, name)]
    if not found:
        raise CallError("no_target_on", known=order)
    return found


def enabled(settings: Settings, name: str) -> bool:
    """Whether a target is on; `mail` is one."""
    return settings.mail.enabled if name == MAIL else settings.targets[name].enabled


def remember(settings: Settings, shown: Plan, names: Sequence[str], who: str, *, block: Block | None = None) -> None:
    """Note in the ledger that somebody was shown a plan of these targets."""
    with _ledger(settings, block) as ledger:
        ledger.plan_shown(shown.plan_id, now(settings), who, names, shown.remembered(names))


def apply(
    settings: Settings,
    plan_id: str | None = None,
    *,
    who: str,
    report: Report,
    block: Block | None = None,
) -> list[Outcome]:
    """Write just what a plan has shown.

    Args:
        settings: of the enterprise.
        plan_id: which plan; None: the one that was shown last.
        who: on whose behalf.
        report: told of the stages.
        block: reads a Prefect Secret block.

    Raises:
        CallError: no such plan was shown, or longer ago than a day; what would be written now is not what it
            showed (`plan_differs`, its problems name the differences); a target is off.
        RunError: a target cannot be read.
    """
    at = now(settings)
    with _ledger(settings, block) as ledger:
        shown = _shown(ledger, plan_id, at)
        wanted = chosen(settings, shown.targets)
        off = [name for name in wanted if not enabled(settings, name)]
        if off:
            raise CallError("target_off", targets=off)
        with _targets(settings, block) as known:
            present = _plan(known, wanted, report)
            _require_same(shown, present, wanted)
            report.stage("write_targets", total=len(wanted))
            outcomes = []
            for name in wanted:
                outcomes.append(_applied(known[name], present))
                _audit(ledger, outcomes[-1], who, at)
                report.advance()
    return outcomes


def write_targets(
    settings: Settings, *, report: Report, block: Block | None = None, who: str = "okr nightly"
) -> list[Outcome]:
    """Bring each target that is on to the present state. One that fails does not hurt the others.

    Raises:
        CallError: there is no warehouse yet.
        RunError: the warehouse or the ledger cannot be read.
    """
    wanted = [name for name, section in settings.targets.items() if section.enabled]
    if not wanted:
        return []
    report.stage("write_targets", total=len(wanted))
    outcomes = []
    with _ledger(settings, block) as ledger, _views(settings, block) as known:
        for name in wanted:
            outcome = _written(known[name])
            if outcome.error is not None:
                report.note("target_not_written", target=name, reason=outcome.error)
            _audit(ledger, outcome, who, now(settings))
            outcomes.append(outcome)
            report.advance()
    return outcomes


def _plan(known: Mapping[str, Target], names: Sequence[str], report: Report) -> Plan:
    report.stage("plan", total=len(names))
    rows = []
    for name in names:
        rows += known[name].plan()
        report.advance()
    return Plan.of(rows)


def _shown(ledger: Ledger, plan_id: str | None, at: datetime) -> PlanShown:
    """The plan that is meant, if it was shown lately."""
    every = ledger.plans(at - timedelta(days=36500))
    found = [one for one in every if plan_id is None or one.plan_id == plan_id]
    if not found:
        raise CallError("plan_never_shown" if plan_id is None else "plan_unknown", plan=plan_id)
    if at - found[-1].at > VALID_FOR:
        raise CallError("plan_too_old", plan=found[-1].plan_id, at=found[-1].at)
    return found[-1]


def _require_same(shown: PlanShown, present: Plan, names: Sequence[str]) -> None:
    if present.plan_id == shown.plan_id:
        return
    now_there = present.remembered(names)
    problems = tuple(
        _difference(name, shown.details.get(name, {}), now_there[name])
        for name in names
        if shown.details.get(name, {}).get("digest") != now_there[name]["digest"]
    )
    raise PlanDiffersError("plan_differs", problems, plan=shown.plan_id, at=shown.at)


class PlanDiffersError(CallError):
    """What would be written now is not what was shown. `problems` says of each target what differs."""

    def __init__(self, code: str, /, problems: tuple[OkrError, ...] = (), **values: object) -> None:
        super().__init__(code, **values)
        self.problems = problems


def _difference(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> CallError:
    """What differs in one target: the things, or where they are many, how many there were and are."""
    earlier, later = before.get("things"), after.get("things")
    if earlier is None or later is None:
        return CallError(
            "plan_differs_in_number", target=name, before=before.get("counts", {}), after=after.get("counts", {})
        )
    things = [thing for key, thing in (*earlier.items(), *later.items()) if key not in earlier or key not in later]
    things = list(dict.fromkeys(things))
    return CallError("plan_differs_in", target=name, things=things[:NAMED], count=len(things))


def _applied(target: Target, present: Plan) -> Outcome:
    try:
        return target.apply(present.of_target(target.name))
    except OkrError as error:
        return Outcome(target.name, "failed", error=error)


def _written(target: ViewsTarget) -> Outcome:
    try:
        target.require_allowed()
    except OkrError as error:
        return Outcome(target.name, "skipped", error=error)
    try:
        return target.write()
    except OkrError as error:
        return Outcome(target.name, "failed", error=error)


def _audit(ledger: Ledger, outcome: Outcome, who: str, at: datetime) -> None:
    """One entry for each table that was written, else one for the target: rows are far too many."""
    entry = {"at": at, "who": who, "target": outcome.target, "action": "write", "old": None, "key": outcome.plan_id}
    if outcome.state == "unchanged":
        return
    for thing, counts in outcome.counts.items():
        ledger.audit(**entry, thing=thing, new=json.dumps(counts), outcome=outcome.state)
    if not outcome.counts:
        told = [row.thing for row in outcome.conflicts[:NAMED]]
        reason = outcome.error.code if outcome.error is not None else json.dumps(told, ensure_ascii=False)
        ledger.audit(**entry, thing="*", new=reason, outcome=outcome.state)


@contextmanager
def _targets(settings: Settings, block: Block | None) -> Iterator[dict[str, Target]]:
    """Every target by name, mail among them, for as long as the warehouse is open."""
    from okr.pipeline.mail_target import MailTarget  # noqa: PLC0415 - Jinja2
    from okr.reconcile.reading import Reader  # noqa: PLC0415 - DuckDB and polars

    with _views(settings, block) as views, Reader(settings) as reader:
        yield {**views, MAIL: MailTarget(settings, reader, block)}


@contextmanager
def _views(settings: Settings, block: Block | None) -> Iterator[dict[str, ViewsTarget]]:
    """Every target for views by name, for as long as the warehouse is open."""
    from okr.publish.targets import targets  # noqa: PLC0415 - DuckDB and polars
    from okr.reconcile.reading import Reader  # noqa: PLC0415

    with Reader(settings) as reader:
        made = targets(settings, reader, now=now(settings), secrets=lambda secret: resolve(secret, block=block))
        yield {target.name: target for target in made}


def _ledger(settings: Settings, block: Block | None) -> Ledger:
    from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy

    return Ledger.of(settings, block=block)
