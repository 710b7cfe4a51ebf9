"""How the stages of a run talk to Prefect: a line of its log for each stage and each notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.logging import get_run_logger

from okr.texts import text

if TYPE_CHECKING:
    from typing import Literal


class RunLog:
    """A report (see `okr.report`) that writes into the log of the present flow or task run.

    The logger is taken when the report is made: stages may call from threads in which Prefect no
    longer knows which run is theirs.
    """

    def __init__(self, language: Literal["zh", "en"]) -> None:
        self._language: Literal["zh", "en"] = language
        self._log = get_run_logger()

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """A line for each stage; how many steps it has is for progress bars only."""
        del total
        self._log.info("%s", text(f"stage.{code}", self._language, **values))

    def advance(self, steps: int = 1) -> None:
        """A log has no place for single steps."""

    def note(self, code: str, /, **values: object) -> None:
        """A notice is something that somebody should look at."""
        self._log.warning("%s", text(f"note.{code}", self._language, **values))
