"""Every night: pull every source, then merge and judge.

One task for each source, so that each is seen, logged and timed by itself; then one task for the
rest. The stages themselves are in `okr.pipeline`; the command line runs the same ones without
Prefect. Only names and ids pass between tasks, and nothing is cached: what was delivered lies in
the landing folder, with rights and a retention of its own.
"""

# No `from __future__ import annotations` here: a worker loads a flow's file under a name that is gone when Prefect
# looks at the flow's parameters, so annotations must be things and not words.

from datetime import datetime
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from pydantic import BaseModel, Field

from flows import figures
from flows.endings import honest
from flows.report import RunLog
from flows.secrets import from_block
from okr import pipeline
from okr.errors import OkrError
from okr.settings import load, now
from okr.texts import Language, language, text

BEHIND = {"failed", "held", "partial"}
"""States of a source for which older rows stand in."""

WITH_FAILURES = "Completed with failures"


class NightlySync(BaseModel):
    """What a nightly run is asked for. Prefect stores it in the clear: no secret goes here."""

    config: str = Field("okr.toml", description="The settings file of the enterprise.")
    sources: list[str] = Field(
        default_factory=list,
        description="Only these are pulled, the others stand as last delivered. Empty: all.",
    )


class SourceFailedError(Exception):
    """Makes the task of a source that failed stand as failed; `pulled` says why."""

    def __init__(self, pulled: pipeline.Pulled, message: str) -> None:
        super().__init__(message)
        self.pulled = pulled


@task(cache_policy=NO_CACHE, task_run_name="pull {source}")
def pull(config: str, source: str, started: datetime) -> pipeline.Pulled:
    """Pull one source into the landing folder.

    Raises:
        SourceFailedError: it could not be read; what it delivered last stands in.
    """
    settings = load(Path(config))
    spoken = language(settings_language=settings.language)
    pulled = pipeline.pull_source(settings, source, RunLog(spoken), at=started, block=from_block)
    if pulled.code is not None:
        raise SourceFailedError(pulled, text(f"error.{pulled.code}", spoken, **pulled.values))
    return pulled


@task(cache_policy=NO_CACHE)
def merge_and_judge(config: str, pulled: list[pipeline.Pulled], started: datetime) -> pipeline.SyncResult:
    """Build the next state of the warehouse out of what has landed, and swap it in."""
    settings = load(Path(config))
    report = RunLog(language(settings_language=settings.language))
    return pipeline.merge_and_judge(settings, report, pulled=pulled, command="nightly", started=started)


@flow(name="nightly-sync", log_prints=False)
def nightly_sync(parameters: NightlySync) -> State:
    """Pull every source, then merge and judge.

    Returns:
        Completed; or Failed under the name "Completed with failures" where all is merged and
        judged, but the last good rows of some source stand in.
    """
    return honest(_run, parameters)


def _run(parameters: NightlySync) -> State:
    settings = load(Path(parameters.config))
    started = now(settings)
    names = pipeline.named_sources(settings, parameters.sources or None)
    waiting = {name: pull.submit(parameters.config, name, started) for name in names}
    pulled = [_pulled(name, future) for name, future in waiting.items()]
    result = merge_and_judge(parameters.config, pulled, started)
    spoken = language(settings_language=settings.language)
    figures.keep_sync(result, spoken)
    return _final(result, spoken)


def _pulled(name: str, future: PrefectFuture[pipeline.Pulled]) -> pipeline.Pulled:
    """What came of one source, whatever happened to its task."""
    outcome = future.result(raise_on_failure=False)
    if isinstance(outcome, SourceFailedError):
        return outcome.pulled
    if isinstance(outcome, OkrError):  # a missing secret, say: the other sources go on
        return pipeline.Pulled(name, code=outcome.code, values=outcome.values)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _final(result: pipeline.SyncResult, spoken: Language) -> State:
    """The state that says honestly how the run ended."""
    behind = [source.name for source in result.sources if source.state in BEHIND]
    refused = {"rows": result.refused_rows, "values": result.refused_values}
    if behind:
        return Failed(name=WITH_FAILURES, message=text("flow.behind", spoken, sources=behind))
    if result.exit_status:
        return Completed(message=text("flow.refused", spoken, **refused))
    return Completed(message=text("flow.done", spoken))
