"""The demo's last page: what came out, and what a person should look at next."""

from __future__ import annotations

import shlex
import shutil
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from okr.reconcile.reading import Reader
from okr.reconcile.rulebook import rules
from okr.settings import now
from okr.texts import text

if TYPE_CHECKING:
    from okr.pipeline import SyncResult
    from okr.pipeline.prepare import Prepared
    from okr.settings import Settings
    from okr.texts import Language

STEPS = (
    ("gaps", "gaps --unit PD"),
    ("meeting", "gaps --meeting market-2027q1"),
    ("prepare", "prepare market-2027q1"),
    ("explain", "explain AL101"),
    ("quarantine", "quarantine"),
)

SEVERITIES = ("critical", "major", "minor", "info")


def tell(settings: Settings, result: SyncResult, prepared: Prepared, language: Language) -> None:
    """Print the summary on standard output, in the reader's language."""
    page = _Page(settings, language)
    page.sources(result)
    with Reader(settings) as reader:
        page.gaps(result, list(reader.gaps(now=page.at)))
        page.coverage(reader.coverage(now=page.at))
        page.meetings(reader.meetings(now=page.at))
    page.pack(prepared)
    page.next_steps()


class _Page:
    """One page in one language, about one enterprise."""

    def __init__(self, settings: Settings, language: Language) -> None:
        self._settings = settings
        self._language: Language = language
        self._console = Console(highlight=False, soft_wrap=True)
        self.at = now(settings)

    def _say(self, code: str, **values: object) -> str:
        return escape(text(f"demo.{code}", self._language, **values))

    def _heading(self, code: str, **values: object) -> None:
        self._console.print(f"\n[bold]{self._say(code, **values)}[/bold]")

    def sources(self, result: SyncResult) -> None:
        """A line for each source, and what was refused."""
        self._heading("sources")
        for outcome in result.sources:
            line = self._say(f"source_{outcome.state}", source=outcome.name, rows=outcome.rows)
            self._console.print(f"  {line}")
        refused = {"rows": result.refused_rows, "values": result.refused_values}
        self._console.print(f"  {self._say('refused', **refused)}")

    def gaps(self, result: SyncResult, gaps: list[dict[str, Any]]) -> None:
        """How many of each severity, then each kind of critical ones with the first of them."""
        self._heading("gaps", count=len(gaps), period=result.current_period)
        counts = [self._say(severity, count=result.gaps.get(severity, 0)) for severity in SEVERITIES]
        self._console.print("  " + " · ".join(counts))
        titles = rules()
        urgent = [gap for gap in gaps if gap["severity"] == "critical"]
        for code, same in groupby(urgent, key=lambda gap: gap["code"]):
            found = list(same)
            title = escape(titles[code].title(self._language))
            self._console.print(f"  [bold red]{code}[/bold red] {title} × {len(found)}")
            self._console.print(f"      {escape(found[0][f'message_{self._language}'])}")

    def coverage(self, units: list[dict[str, Any]]) -> None:
        """The units whose KRs others carry."""
        self._heading("coverage")
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
        table.add_column(self._say("unit"))
        for column in ("krs", "carried", "share"):
            table.add_column(self._say(column), justify="right")
        for unit in units:
            if unit["coverage"] is not None:
                share = f"{unit['coverage']:.0%}"
                numbers = (str(unit["krs"]), str(unit["carried"]), share)
                table.add_row(f"  {escape(unit['name'])}", *numbers)
        self._console.print(table)

    def meetings(self, meetings: list[dict[str, Any]]) -> None:
        """The meetings to come, and how ready their units are."""
        for meeting in meetings:
            name = meeting["title"] or meeting["meeting_id"]
            self._heading("meeting", title=name, starts_at=meeting["starts_at"][:16].replace("T", " "))
            told = {**meeting, "readiness": f"{meeting['readiness']:.0f}"}
            self._console.print(f"  {self._say('readiness', **told)}")

    def pack(self, prepared: Prepared) -> None:
        """Where the pack of the meeting lies, and what is in it."""
        self._heading("pack", meeting=prepared.name)
        self._console.print(f"  {escape(_near(prepared.latest))}")
        for kind in ("page", "meeting", "leader", "unit"):
            for file in prepared.pack:
                if file.kind == kind:
                    self._console.print(f"      {escape(file.name)}  {self._say(f'pack_{kind}')}")
        mails = [name for name in prepared.files if "/" in name]
        if mails:
            folder = escape(mails[0].partition("/")[0] + "/")
            self._console.print(f"      {folder}  {self._say('pack_mails', count=len(mails))}")

    def next_steps(self) -> None:
        """Commands to go on with, as they can be typed."""
        self._heading("next")
        settings = _near(self._settings.file)
        for told, command in STEPS:
            config = "" if told == "explain" else f" --config {shlex.quote(settings)}"
            self._console.print(f"  {_program()} {escape(command + config)}")
            self._console.print(f"      {self._say(f'step_{told}')}")


def _near(path: Path) -> str:
    """A path as one types it here: from the present folder where it lies in there."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _program() -> str:
    """How this program is called here."""
    beside = Path(sys.executable).with_name("okr")
    if shutil.which("okr") or not beside.exists():
        return "okr"
    return shlex.quote(_near(beside))
