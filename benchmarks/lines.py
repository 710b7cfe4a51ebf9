"""The table that `make bench` prints: a line for each thing that was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Line:
    """One line of the table; `seconds` and `mebibytes` with what they should stay under."""

    what: str
    rows: int | None = None
    seconds: float = 0.0
    processor: float | None = None
    share: float | None = None
    limit: float | None = None
    mebibytes: float | None = None
    memory_limit: float | None = None

    def __str__(self) -> str:
        """Columns of fixed width, so that lines can be printed as they come."""
        share = "" if self.share is None else f"{self.share:.0%}"
        taken = "" if self.limit is None else f"{self.seconds / self.limit:.2f} of {self.limit:g} s"
        memory = held = ""
        if self.mebibytes is not None:
            memory = f"{self.mebibytes:,.0f}"
        if self.mebibytes is not None and self.memory_limit is not None:
            held = f"{self.mebibytes / self.memory_limit:.2f} of {self.memory_limit:,.0f} MiB"
        busy = "" if self.processor is None else f"{self.processor:.2f}"
        rows = "" if self.rows is None else f"{self.rows:,}"
        left = f"{self.what:<44}{rows:>12}{self.seconds:>9.2f}{busy:>9}{share:>7}  {taken:<16}"
        return f"{left}{memory:>7}  {held}".rstrip()


HEAD = f"{'':<44}{'rows':>12}{'s':>9}{'cpu s':>9}{'share':>7}  {'target':<16}{'MiB':>7}  target"
