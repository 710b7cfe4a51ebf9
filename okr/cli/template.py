"""`okr template`: an empty workbook for a unit to fill in."""

from __future__ import annotations

from pathlib import Path

from okr.cli import rooms
from okr.cli.options import Common
from okr.cli.speech import say, spoken, tell
from okr.cli.tables import line
from okr.errors import CallError


def template(
    *,
    unit: str | None = None,
    period: str | None = None,
    output: Path | None = None,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Write an empty template for a unit, with drop-downs of its upper KRs, people and teams."""
    if output is not None and output.suffix.lower() != ".xlsx":
        raise CallError("template_not_xlsx", file=str(output))
    known = rooms.settings(common.config)
    told = rooms.blank(known, unit, period)
    file = output or Path(rooms.template_name(told, say("sheets.template.file")))
    if file.exists():
        raise CallError("template_there", file=str(file))
    rooms.write_template(file, told, known, spoken())
    if unit is None:
        tell(say("cli.template.anybody"))
    elif not told.upper:
        tell(say("cli.template.nothing_above", unit=told.unit, period=told.period))
    line(str(file))
    return 0
