"""The first sheet of the HRBPs' workbook: how ready the meeting is, and how each unit stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.publish.pack.facts import local
from okr.publish.pack.grid import HEAD, INK, LINE, MUTED, PALE, TALL, head, lines, put
from okr.publish.pack.tables import Column, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter.worksheet import Worksheet

    from okr.publish.pack.facts import Facts
    from okr.publish.pack.grid import Book
    from okr.publish.pack.speech import Speech
    from okr.publish.pack.tables import Value

SEVERITIES = ("critical", "major", "minor", "info")
WIDTHS = (30, 16, 11, 12, 12, 13, 14, 15, 32)


def write_overview(book: Book, facts: Facts, speech: Speech, files: Mapping[str, str]) -> None:
    """Write the sheet.

    Args:
        book: as its first sheet.
        facts: of the meeting.
        speech: which language stands first.
        files: the name of each participant's workbook, by unit_id.
    """
    sheet = book.sheet(speech.both("sheet.overview", " "))
    for at, width in enumerate(WIDTHS):
        sheet.set_column(at, at, width)
    down = head(book, sheet, facts.name, speech.both("about.overview"))
    overview = _Overview(book, sheet, facts, speech)
    down = overview.facts(down + 1)
    down = overview.readiness(down + 1)
    down = overview.units(down + 1, files)
    overview.sources(down + 1)


def readiness_style(value: float) -> str:
    """The colour of a readiness: from 80 on good, from 50 on fair."""
    return "good" if value >= 80 else "fair" if value >= 50 else "poor"


class _Overview:
    """Writes one block below the other; each method returns the row below its own."""

    def __init__(self, book: Book, sheet: Worksheet, facts: Facts, speech: Speech) -> None:
        self._book = book
        self._sheet = sheet
        self._facts = facts
        self._speech = speech
        self._centred: frozenset[int] = frozenset()

    def facts(self, down: int) -> int:
        """Which meeting it is, and what the figures say of it."""
        facts, speech, meeting = self._facts, self._speech, self._facts.meeting
        names = [facts.view.unit_name(unit) or unit for unit in meeting["participants"]]
        hrbps = [one["name"] or one["said"] for one in meeting["hrbps"]]
        advice = meeting["advice"] or "unknown"
        rows = [
            ("meeting_unit", facts.view.unit_name(meeting["unit_id"])),
            ("meeting_period", meeting["period_id"]),
            ("meeting_starts", f"{facts.starts_at:%Y-%m-%d %H:%M}"),
            ("meeting_participants", "、".join(names) or speech.both("none", " ")),
            ("meeting_hrbps", "、".join(hrbps) or speech.both("none", " ")),
            ("meeting_advice", advice_told(facts, speech, "\n")),
            ("meeting_as_of", f"{local(facts.at, facts):%Y-%m-%d %H:%M}"),
        ]
        for code, value in rows:
            self._pair(down, code, value, bold=code == "meeting_advice" and advice == "hold")
            down += 1
        return down

    def readiness(self, down: int) -> int:
        """Readiness from 0 to 100, and the parts that it is made of."""
        speech, readiness = self._speech, self._facts.meeting["readiness"]
        self._centred = frozenset({1, 2, 3, 4})
        self._heading(down, "readiness")
        put(
            self._sheet,
            down,
            1,
            Tag(readiness_style(readiness), f"{readiness:.0f} / 100"),
            self._book.cell(Column("", 0, "tag"), Tag(readiness_style(readiness), "")),
        )
        down += 1
        codes = ("part", "done", "total", "points", "most")
        self._row(down, [speech.both(f"column.{code}") for code in codes], head=True)
        for part in self._facts.parts:
            down += 1
            self._row(down, [speech.both(f"part.{part.code}"), part.done, part.total, round(part.points, 1), part.most])
            self._sheet.conditional_format(
                down,
                3,
                down,
                3,
                {
                    "type": "data_bar",
                    "bar_solid": True,
                    "bar_color": "#7FB7A3",
                    "min_type": "num",
                    "min_value": 0,
                    "max_type": "num",
                    "max_value": max(part.most, 1),
                },
            )
        if not self._facts.meeting["parts"]["handshakes_known"]:
            down += 1
            put(self._sheet, down, 0, speech.both("no_handshakes", "  "), self._book.format(font_color=MUTED))
        return down + 1

    def units(self, down: int, files: Mapping[str, str]) -> int:
        """A row for each unit: what it has to close and to answer."""
        facts, speech = self._facts, self._speech
        self._centred = frozenset(range(2, 8))
        self._heading(down, "units")
        codes = ("holder", "leader", "krs", "carried", "asked_of", "unanswered", "critical", "to_close", "file")
        self._row(down + 1, [speech.both(f"column.{code}") for code in codes], head=True)
        down += 2
        for unit in facts.units:
            leader = facts.leader_of(unit)
            coverage = facts.coverage.get(unit, {})
            asked = [row for row in facts.requests if row["party_unit_id"] == unit]
            counted = facts.counted(unit)
            values: list[Value] = [
                facts.view.unit_name(unit),
                leader["name"] or leader["person_id"] if leader else None,
                coverage.get("krs", 0),
                coverage.get("coverage"),
                len(asked),
                sum(row["response"] is None for row in asked),
                counted.get("critical", 0),
                sum(counted.values()),
                files.get(unit, "–"),
            ]
            self._row(down, values, shares=(3,))
            down += 1
        return down

    def sources(self, down: int) -> int:
        """Which sources are behind, or that none is."""
        facts, speech = self._facts, self._speech
        self._centred = frozenset()
        self._heading(down, "sources")
        down += 1
        if not facts.sources_behind:
            put(self._sheet, down, 0, speech.both("nothing.sources", "  "), self._book.format(font_color=MUTED))
            return down + 1
        for row in facts.sources_behind:
            since = row["delivered_at"]
            state = speech.both(f"source.{row['state']}", "  ")
            if since is None:
                told = speech.both("never", "  ")
            else:
                told = speech.both("since", "  ", day=f"{local(since, facts):%Y-%m-%d %H:%M}")
            self._pair(down, None, f"{state} · {told}")
            put(self._sheet, down, 0, row["source"], self._book.format(bottom=1, bottom_color=LINE, valign="vcenter"))
            down += 1
        return down

    def _heading(self, down: int, code: str) -> None:
        look = self._book.format(bold=True, font_size=12, font_color=HEAD, valign="vcenter")
        self._sheet.set_row(down, 22)
        put(self._sheet, down, 0, self._speech.both(f"heading.{code}", " "), look)

    def _pair(self, down: int, code: str | None, value: str | None, *, bold: bool = False) -> None:
        label = self._book.format(font_color=MUTED, text_wrap=True, bottom=1, bottom_color=LINE, valign="vcenter")
        look = self._book.format(
            bold=bold, text_wrap=True, bottom=1, bottom_color=LINE, font_color=INK, valign="vcenter"
        )
        if code is not None:
            put(self._sheet, down, 0, self._speech.both(f"label.{code}", " "), label)
        self._sheet.merge_range(down, 1, down, 7, "", look)
        put(self._sheet, down, 1, value, look)
        self._sheet.set_row(down, lines(value or "", sum(WIDTHS[1:8])) * TALL + 5)

    def _row(self, down: int, values: list[Value], *, head: bool = False, shares: tuple[int, ...] = ()) -> None:
        """One row of a small table; numbers stand in the middle, under their headings."""
        tallest = 1
        for at, value in enumerate(values):
            wanted: dict[str, object] = {"text_wrap": True, "valign": "vcenter", "bottom": 1, "bottom_color": LINE}
            if head:
                wanted |= {"bold": True, "bg_color": PALE, "bottom_color": HEAD}
            if at in self._centred:
                wanted["align"] = "center"
            if not head and isinstance(value, float):
                wanted["num_format"] = "0%" if at in shares else "0.#"
            put(self._sheet, down, at, value, self._book.format(**wanted))
            if isinstance(value, str):
                tallest = max(tallest, lines(value, WIDTHS[at]))
        self._sheet.set_row(down, tallest * TALL + 5)


def advice_told(facts: Facts, speech: Speech, between: str) -> str:
    """Whether the meeting is worth holding, and why."""
    meeting = facts.meeting
    if meeting["advice"] is None:
        code = "advice.no_krs" if not meeting["krs"] else "advice.no_handshakes"
        return speech.both(code, between)
    values = {
        "density": _percent(meeting["handshake_density"]),
        "limit": _percent(facts.density),
        "asking": round(meeting["handshake_density"] * meeting["krs"]),
        "krs": meeting["krs"],
    }
    return speech.both(f"advice.{meeting['advice']}", between, **values)


def _percent(value: float) -> str:
    return f"{value * 100:.3g}%"
