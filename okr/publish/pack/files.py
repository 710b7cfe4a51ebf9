"""Writes the files of a pack into a folder: which there are, what each is called, who may have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from connectors.naming import safe_name
from okr.publish.pack.meeting_book import meeting_sheets, write_meeting_book
from okr.publish.pack.page import write_page
from okr.publish.pack.speech import Speech
from okr.publish.pack.unit_book import write_unit_book

if TYPE_CHECKING:
    from pathlib import Path

    from okr.publish.pack.facts import Facts
    from okr.report import Report
    from okr.texts import Language

FileKind = Literal["page", "meeting", "leader", "unit"]


@dataclass(frozen=True)
class PackFile:
    """One file of a pack.

    Attributes:
        name: deterministic, from ids.
        kind: `page` and `meeting`: for the meeting's HRBPs; `leader`: for the upper unit's leader alone; `unit`: for
            a participant.
        unit_id: of the upper unit, or of the participant.
    """

    name: str
    kind: FileKind
    unit_id: str


def page_name(meeting_id: str) -> str:
    """The name of the page on the state of readiness."""
    return f"readiness-{safe_name(meeting_id)}.html"


def meeting_name(meeting_id: str) -> str:
    """The name of the HRBPs' workbook."""
    return f"meeting-{safe_name(meeting_id)}.xlsx"


def leader_name(meeting_id: str) -> str:
    """The name of the leader's own copy of it."""
    return f"leader-{safe_name(meeting_id)}.xlsx"


def unit_name(unit_id: str) -> str:
    """The name of a participant's workbook."""
    return f"unit-{safe_name(unit_id)}.xlsx"


def write_files(facts: Facts, folder: Path, report: Report) -> list[PackFile]:
    """Write every file of the pack of a meeting. Equal facts make equal bytes.

    Args:
        facts: of the meeting.
        folder: is there, and empty.
        report: told of each file.

    Raises:
        OSError: a file cannot be written.
    """
    meeting_id, upper = facts.meeting["meeting_id"], facts.meeting["unit_id"]
    files = [
        PackFile(page_name(meeting_id), "page", upper),
        PackFile(meeting_name(meeting_id), "meeting", upper),
        *(PackFile(unit_name(unit), "unit", unit) for unit in facts.meeting["participants"]),
    ]
    report.stage("pack", total=len(files))
    named = {file.unit_id: file.name for file in files if file.kind == "unit"}
    company = Speech(facts.language)

    write_page(folder / files[0].name, facts, company)
    report.advance()
    write_meeting_book(folder / files[1].name, facts, facts.hrbp(), company, named)
    report.advance()
    for file in files[2:]:
        write_unit_book(folder / file.name, facts, file.unit_id, Speech(language_of(facts, file.unit_id)))
        report.advance()
    leader = facts.leader()
    if leader is not None and meeting_sheets(facts, leader, company) != meeting_sheets(facts, facts.hrbp(), company):
        own = PackFile(leader_name(meeting_id), "leader", upper)
        write_meeting_book(folder / own.name, facts, leader, Speech(language_of(facts, upper)), named)
        files.append(own)
    for file in files:
        (folder / file.name).chmod(0o600)
    return files


def language_of(facts: Facts, unit_id: str) -> Language:
    """The language that a unit's leader reads; the company's, where nobody leads it."""
    leader = facts.leader_of(unit_id)
    known = None if leader is None else leader["locale"]
    return known if known in {"zh", "en"} else facts.language
