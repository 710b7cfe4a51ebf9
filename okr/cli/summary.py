"""What a run did, on one page: sources, what was refused, what was judged, the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.cli import rooms
from okr.cli.speech import say, spoken
from okr.cli.start import hush, nearest
from okr.cli.tables import clock, line
from okr.cli.width import padded, width, wrapped
from okr.errors import CallError
from okr.texts.values import tame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from okr.pipeline import SyncResult
    from okr.reconcile.intake import SourceOutcome
    from okr.settings import Settings

SEVERITIES = ("critical", "major", "minor", "info")
INDENT = 6
WIDTH = 100


def require(known: Settings, sources: Sequence[str]) -> None:
    """Make sure that a run can begin: the sources are known, their secrets are there.

    Raises:
        CallError: `no_sources`, `unknown_source`.
        SettingsError: a secret is missing.
    """
    from okr.settings import require_secrets  # noqa: PLC0415

    order = known.source_order()
    if not order:
        raise CallError("no_sources", file=str(known.file))
    for name in sources:
        if name not in order:
            raise CallError("unknown_source", source=name, nearest=nearest(name, order), known=order)
    require_secrets(known, sources=list(sources) or None, block=rooms.block)


def show(known: Settings, result: SyncResult) -> None:
    """Print the page. Nobody reading it is no reason for another exit status."""
    try:
        for told in page(known, result):
            line(told)
    except BrokenPipeError:
        hush()


def page(known: Settings, result: SyncResult) -> list[str]:
    """The lines of the page."""
    lines = [say("cli.sync.sources")]
    left = max((width(one.name) for one in result.sources), default=0)
    for one in result.sources:
        lines += _source(known, one, left)
    lines += ["", *_refused(result), _judged(result), _gaps(result)]
    if result.gaps and sum(result.gaps.values()):
        lines.append(say("cli.sync.look_gaps"))
    return [tame(told) for told in lines]


def troubles(known: Settings, result: SyncResult) -> list[str]:
    """The lines about what did not go as it should: sources that are behind, and what was refused."""
    behind = [one for one in result.sources if one.state in {"failed", "held", "partial"}]
    left = max((width(one.name) for one in behind), default=0)
    lines = [told for one in behind for told in _source(known, one, left)]
    return [tame(told) for told in (*lines, *_refused(result), "")]


def _source(known: Settings, one: SourceOutcome, left: int) -> list[str]:
    mark = {"read": "✓", "stood": "·"}.get(one.state, "✗")
    state = say(f"cli.sync.state_{one.state}", rows=one.rows)
    lines = [f"  {mark} {padded(tame(one.name), left)}  {state}"]
    reasons = []
    if one.state in {"failed", "held", "partial"}:
        if one.code and one.state != "partial":
            reasons.append(_reason(one.code, one.values))
        reasons += [f"{scope}: {_reason(code, values)}" for scope, code, values in one.failures]
        reasons += _next(known, one)
    for reason in reasons:
        lines += [" " * INDENT + told for told in wrapped(reason, WIDTH - INDENT)]
    return lines


def _reason(code: str, values: Mapping[str, object]) -> str:
    return say(f"error.{code}", **values)


def _next(known: Settings, one: SourceOutcome) -> list[str]:
    """What stands in meanwhile, and what a person can do."""
    if one.state == "held":
        since = "?" if one.since is None else clock(one.since, known.zone)
        show = say("cli.sync.show_held", source=one.name)
        return [say("cli.sync.next_held", since=since), show, say("cli.sync.decide", source=one.name)]
    again = say("cli.sync.again", source=one.name)
    if one.state == "partial":
        since = "?" if one.failing_since is None else clock(one.failing_since, known.zone)
        return [say("cli.sync.next_partial", since=since), again]
    if one.since is None:
        return [say("cli.sync.next_never"), again]
    return [say("cli.sync.next_stale", since=clock(one.since, known.zone)), again]


def _refused(result: SyncResult) -> list[str]:
    if not result.refused_rows and not result.refused_values:
        return [say("cli.sync.refused_none")]
    return [say("cli.sync.refused", rows=result.refused_rows, values=result.refused_values)]


def _judged(result: SyncResult) -> str:
    if not result.judged:
        return say("cli.sync.judged_none")
    others = [period for period in result.judged if period != result.current_period]
    if result.current_period is None:
        return say("cli.sync.judged_no_current", others=others)
    if not others:
        return say("cli.sync.judged", period=result.current_period)
    return say("cli.sync.judged_with_others", period=result.current_period, others=others)


def _gaps(result: SyncResult) -> str:
    count = sum(result.gaps.values())
    if result.judged and result.current_period is None:
        return say("cli.sync.gaps_no_current")
    if not count:
        return say("cli.sync.gaps_none" if result.judged else "cli.sync.gaps_not_judged")
    parts = [
        f"{say(f'severity.{severity}')} {result.gaps[severity]}" for severity in SEVERITIES if result.gaps.get(severity)
    ]
    told = say(
        "cli.sync.gaps",
        count=count,
        parts=", ".join(parts) if spoken() == "en" else "，".join(parts),
    )
    if result.opened or result.resolved:
        # What a run opened and closed is counted over all views; the gaps before it are the current one's.
        code = "cli.sync.gaps_change" if len(result.judged) == 1 else "cli.sync.gaps_change_all"
        told += say(code, opened=result.opened, resolved=result.resolved)
    return told
