"""How a flow ends: in a state that says what happened, in words that a person understands.

| state | type | status of the command |
| --- | --- | --- |
| Completed | COMPLETED | 0 |
| Completed with refusals | COMPLETED | 1: rows or values stand in quarantine |
| Completed with failures | FAILED | 1: of some source older rows stand in |
| Failed in part | FAILED | 3: a target, mail or meeting could not be done |
| Refused | FAILED | 2: the call or the settings are wrong, nothing was changed |
| Failed, Crashed, Cancelled | | 3 |
"""

# No `from __future__ import annotations` in files of flows; see flows/nightly_sync.py.

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from okr.errors import CallError, OkrError
from okr.pipeline import SyncResult
from okr.settings import load
from okr.texts import Language, language, text, told

DONE = "Completed"
WITH_REFUSALS = "Completed with refusals"
WITH_FAILURES = "Completed with failures"
IN_PART = "Failed in part"
REFUSED = "Refused"

STATUS = {DONE: 0, WITH_REFUSALS: 1, WITH_FAILURES: 1, REFUSED: 2}
"""Exit status of a command that watched a run, by the name of its last state; else 3."""

BEHIND = {"failed", "held", "partial"}
"""States of a source for which older rows stand in."""


class Asked(Protocol):
    """The parameters of a flow of ours."""

    config: str


Parameters = TypeVar("Parameters", bound=Asked)


def honest(body: Callable[[Parameters], State], parameters: Parameters) -> State:
    """Run a flow's body; one of our errors ends it as failed with its own sentence, not with a traceback."""
    try:
        return body(parameters)
    except OkrError as error:
        name = REFUSED if isinstance(error, CallError) else "Failed"
        return Failed(name=name, message=" ".join(told(error, spoken(parameters.config))))


def spoken(config: str) -> Language:
    """The language that the settings ask for; that of the machine where they cannot be read."""
    try:
        return language(settings_language=load(Path(config)).language)
    except OkrError:
        return language()


def exit_status(name: str | None) -> int:
    """With what a command ends that watched a run to a state of this name."""
    return STATUS.get(name or "", 3)


def of_sync(result: SyncResult, lang: Language) -> State:
    """The state that says honestly how a sync ended."""
    behind = [source.name for source in result.sources if source.state in BEHIND]
    if behind:
        return Failed(name=WITH_FAILURES, message=text("flow.behind", lang, sources=behind))
    if result.exit_status:
        refused = {"rows": result.refused_rows, "values": result.refused_values}
        return Completed(name=WITH_REFUSALS, message=text("flow.refused", lang, **refused))
    return Completed(name=DONE, message=text("flow.done", lang))


def in_part(problems: list[str]) -> State:
    """Something of a run could not be done; each problem is a sentence."""
    return Failed(name=IN_PART, message=" ".join(problems))
