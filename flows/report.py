"""How the stages of a run talk to Prefect: a line of its log for each stage and each notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.context import TaskRunContext
from prefect.logging import get_run_logger

from okr.errors import OkrError
from okr.texts import text, told

if TYPE_CHECKING:
    from logging import Logger, LoggerAdapter

    from okr.texts import Language


class RunLog:
    """A report (see `okr.report`) that writes into the log of the present flow or task run.

    A task that tells something has it in its own log. Where a stage tells it from a thread of its own, in which
    Prefect no longer knows which run is meant, it stands in the log of the run for which the report was made.
    """

    def __init__(self, language: Language) -> None:
        self._language: Language = language
        self._run_log = get_run_logger()

    @property
    def _log(self) -> Logger | LoggerAdapter[Logger]:
        return get_run_logger() if TaskRunContext.get() is not None else self._run_log

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """A line for each stage; how many steps it has is for progress bars only."""
        del total
        self._log.info("%s", text(f"stage.{code}", self._language, **values))

    def advance(self, steps: int = 1) -> None:
        """A log has no place for single steps."""

    def note(self, code: str, /, **values: object) -> None:
        """A notice is something that somebody should look at."""
        words = {
            name: told(value, self._language)[-1] if isinstance(value, OkrError) else value
            for name, value in values.items()
        }
        self._log.warning("%s", text(f"note.{code}", self._language, **words))
