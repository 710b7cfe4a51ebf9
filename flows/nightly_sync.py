"""Every night: sync, what targets get, digests, and the meetings to be reminded of (`okr.pipeline.nightly`).

One task for each source, so that each is seen, logged and timed by itself, and one for each coarse stage. The
stages are those of the command line, which runs them without Prefect.
"""

# No `from __future__ import annotations` here: a worker loads a flow's file under a name that is gone when Prefect
# looks at the flow's parameters, so annotations must be things and not words.

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import BaseModel, Field

from flows import endings, figures
from flows.naming import warehouse_limit
from flows.report import RunLog
from flows.secrets import from_block
from flows.tasks import AsTasks, side_by_side
from okr import pipeline
from okr.pipeline.nightly import NightlyResult, nightly
from okr.reconcile.rulebook import rules
from okr.settings import load
from okr.texts import Language, language, text


class NightlySync(BaseModel):
    """What a nightly run is asked for. Prefect stores it in the clear: no secret goes here."""

    config: str = Field("okr.toml", description="The settings file of the enterprise.")
    sources: list[str] = Field(
        default_factory=list,
        description="Only these are pulled, the others stand as last delivered. Empty: all.",
    )
    sync_only: bool = Field(default=False, description="Read, merge and judge only: no targets, no mails, no meetings.")
    dry_run: bool = Field(default=False, description="Leave warehouse, ledger and the outside world as they are.")


@flow(name="nightly-sync", log_prints=False, task_runner=side_by_side())
def nightly_sync(parameters: NightlySync) -> State:
    """Pull every source, merge and judge; then targets, digests, and meetings to be reminded of.

    Returns:
        A state of `flows.endings`, which says honestly what could not be done.
    """
    return endings.honest(_run, parameters)


def _run(parameters: NightlySync) -> State:
    settings = load(Path(parameters.config), rule_codes=rules())
    lang = language(settings_language=settings.language)
    report = RunLog(lang)
    steps = AsTasks(lang, None if parameters.dry_run else warehouse_limit(settings))
    sources = parameters.sources or None
    if parameters.sync_only:
        with pipeline.run_on(settings, dry_run=parameters.dry_run, block=from_block) as known:
            synced = pipeline.sync(known, sources=sources, report=report, block=from_block, steps=steps)
        figures.keep_sync(synced, lang)
        return endings.of_sync(synced, lang)
    result = nightly(
        settings, sources=sources, report=report, block=from_block, dry_run=parameters.dry_run, steps=steps
    )
    figures.keep_nightly(result, lang)
    return _final(result, lang)


def _final(result: NightlyResult, lang: Language) -> State:
    """The state that says honestly how the night went: first what is worst."""
    synced = endings.of_sync(result.sync, lang)
    problems = []
    if result.unwritten:
        problems.append(text("flow.unwritten", lang, targets=result.unwritten))
    if result.digests_error is not None:
        problems.append(text("flow.no_digests", lang))
    if result.meetings_error is not None:
        problems.append(text("flow.no_meetings", lang))
    if result.unprepared:
        problems.append(text("flow.unprepared", lang, meetings=result.unprepared))
    if not problems:
        return synced
    return endings.in_part([*problems, synced.message or ""])
