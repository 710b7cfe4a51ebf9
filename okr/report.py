"""How a stage talks to its surroundings, whoever they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Report(Protocol):
    """The command line turns these calls into progress bars, a flow into logs, a test into a list.

    Calls may come from several threads at once.
    """

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """A stage begins (text `stage.<code>`); `total` is how many steps it will advance."""
        ...

    def advance(self, steps: int = 1) -> None:
        """The present stage came on by so many steps."""
        ...

    def note(self, code: str, /, **values: object) -> None:
        """Something a person should know (text `note.<code>`)."""
        ...


@dataclass
class Listing:
    """A report that keeps what it is told, for tests and for callers who look afterwards."""

    stages: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """Keep the stage."""
        self.stages.append((code, {"total": total, **values}))

    def advance(self, steps: int = 1) -> None:
        """Steps leave no trace in a list."""

    def note(self, code: str, /, **values: object) -> None:
        """Keep the note."""
        self.notes.append((code, values))
