"""The workbook of the meeting: what its HRBPs, or its leader, may see of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.publish.pack.fillable import write_decisions
from okr.publish.pack.grid import workbook, write_list
from okr.publish.pack.overview import write_overview
from okr.publish.pack.tables import Lists

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from okr.publish.audience import Viewer
    from okr.publish.pack.facts import Facts
    from okr.publish.pack.speech import Speech
    from okr.publish.pack.tables import Sheet


def meeting_sheets(facts: Facts, viewer: Viewer, speech: Speech) -> list[Sheet]:
    """The lists of the workbook, through one viewer's eyes."""
    lists = Lists(facts, viewer, speech)
    return [
        lists.gaps("gaps", facts.gaps),
        lists.key_results(),
        lists.requests("requests", facts.requests),
        lists.asking(),
    ]


def write_meeting_book(
    path: Path,
    facts: Facts,
    viewer: Viewer,
    speech: Speech,
    files: Mapping[str, str],
) -> None:
    """Write the workbook of the meeting.

    Args:
        path: where; must not be there yet.
        facts: of the meeting.
        viewer: who reads it.
        speech: which language stands first.
        files: the name of each participant's workbook, by unit_id.

    Raises:
        OSError: it cannot be written.
    """
    with workbook(path, title=facts.name, made_at=facts.at) as book:
        write_overview(book, facts, speech, files)
        for content in meeting_sheets(facts, viewer, speech):
            write_list(book, content)
        write_decisions(book, facts, viewer, speech)
