"""`okr sync`: pull, validate, merge, judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from okr.cli import rooms, summary
from okr.cli.options import Common
from okr.cli.progress import reporting

if TYPE_CHECKING:
    from okr.pipeline import SyncResult
    from okr.settings import Settings


def sync(
    *,
    source: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    dry_run: bool = False,
    on_prefect: bool = False,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Pull every source, or only those named; the others stand as last delivered."""
    if on_prefect:
        asked = {"sync_only": True, "sources": list(source), "dry_run": dry_run}
        return rooms.on_prefect(common.config, "nightly", asked)
    known, result = _run(source, common, dry_run=dry_run)
    summary.show(known, result)
    return result.exit_status


def _run(source: tuple[str, ...], common: Common, *, dry_run: bool) -> tuple[Settings, SyncResult]:
    with reporting() as report:
        report.stage("settings")
        known = rooms.settings(common.config)
        summary.require(known, source)
        return known, rooms.sync(known, source or None, report, dry_run=dry_run)
