"""`okr template`: what it writes reads back without a single refusal, empty and filled in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from okr.cli import start
from okr.reconcile.reading import Reader
from okr.settings import load, now
from tests.connectors.workbook.people import Opened
from tests.end_to_end import enterprise
from tests.end_to_end.test_rounds import day
from tests.servers import soffice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from okr.settings import Settings

WORKBOOKS = """
[sources.units]
kind = "workbook"
path = "inbox"
"""


@pytest.fixture
def call(capfd) -> Callable[..., tuple[int, str, str]]:
    def run(*words: object) -> tuple[int, str, str]:
        capfd.readouterr()
        status = start.run([str(word) for word in words])
        sys.stdout.flush()
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def settings(tmp_path, call) -> Settings:
    """An enterprise after its first run, whose units are about to fill in workbooks."""
    file = enterprise.write(tmp_path)
    (tmp_path / "inbox").mkdir()
    file.write_text(file.read_text("utf-8") + WORKBOOKS, encoding="utf-8")
    call("sync", "--config", file)
    return load(file)


def refused(settings: Settings) -> list[tuple[str, str]]:
    with Reader(settings) as reader:
        return [(row["place"], row["code"]) for row in reader.quarantine() if row["source"] == "units"]


def written(settings: Settings, call: Callable[..., Any], name: str = "North OKRs.xlsx", *more: str) -> Path:
    file = settings.file.parent / "inbox" / name
    status, out, _ = call("template", "--unit", "North", "--output", file, *more, "--config", settings.file)
    assert (status, out.strip()) == (0, str(file))
    return file


def fill(opened: Opened) -> None:
    sheet = opened.okrs
    upper = next(shown for shown, thing in sheet.mark.lists["upper"].items() if thing == "K2")
    first, second, third = sheet.rows[6:9]
    sheet.put(first, carries=f"{upper}（50%）", objective="Calls are a pleasure", objective__owner="Cy")
    sheet.put(
        first, objective__confidence=0.8, kr="Answer within 20 seconds", kr__owner="Cy", kr__due_on=day(15).date()
    )
    sheet.put(first, party="South", point="two people for a week")
    sheet.put(second, party="Company", point="a budget")
    sheet.put(third, kr="Call back within a day", kr__owner="Cy、Di", kr__progress="10%", kr__due_on="12月底")


def test_an_empty_template_says_nothing_and_refuses_nothing(settings, call):
    written(settings, call)
    status, _, said = call("sync", "--config", settings.file, "--lang", "en")
    assert refused(settings) == []
    assert "template that nobody has filled in" in said
    assert status == 1  # the tables' own refusals, as before


def test_it_has_lists_of_what_may_be_chosen(settings, call):
    sheet = Opened.of(written(settings, call)).okrs
    # A title that looks like a formula is text, and what is private above is no choice.
    assert sheet.mark.lists["upper"] == {
        "Market O1-KR1 Open 12 shops": "K1",
        "Market O1-KR2 Answer 90% of calls": "K2",
    }
    assert sheet.mark.lists["people"] == {"Ada": "p1", "Bo": "p2", "Cy": "p3", "Di": "p4"}
    assert sheet.mark.lists["teams"] == {"South": "M2"}
    notes = Opened.of(settings.file.parent / "inbox" / "North OKRs.xlsx").sheets[1]
    told = [cell for cells in notes.rows for cell in cells if cell]
    assert any("一行一个 KR" in str(text) for text in told)
    assert any("One row for each key result" in str(text) for text in told)


@pytest.mark.parametrize("program", ["any", pytest.param("libreoffice", marks=pytest.mark.server)])
def test_filled_in_it_is_the_units_word(settings, call, program):
    file = written(settings, call)
    opened = Opened.of(file)
    fill(opened)
    opened.save(file, day(10), "Cy")
    if program == "libreoffice":
        (file,) = soffice("ods", file.parent, file)
        file.with_suffix(".xlsx").unlink()
    call("sync", "--config", settings.file)
    assert refused(settings) == []
    with Reader(settings) as reader:
        things = {row["title"]: row for row in reader.things("2026Q4")}
        requests = {row["point"]: row for row in reader.requests("2026Q4")}
        carries = [row for row in reader.carries("2026Q4") if row["parent_id"] == "K2"]
    own = things["Calls are a pleasure"]
    assert (own["unit_id"], own["owner_ids"], own["confidence"]) == ("M1", ["p3"], 0.8)
    assert [(row["objective_id"], row["share"]) for row in carries] == [(own["id"], 0.5)]
    assert things["Call back within a day"]["owner_ids"] == ["p3", "p4"]
    assert str(things["Call back within a day"]["due_on"]) == "2026-12-31"
    assert requests["two people for a week"]["party_unit_id"] == "M2"
    assert requests["a budget"]["kr_id"] == things["Answer within 20 seconds"]["id"]


def test_a_template_for_anybody_is_whose_name_is_written_into_it(settings, call):
    file = settings.file.parent / "inbox" / "template.xlsx"
    status, _, said = call("template", "--output", file, "--config", settings.file, "--lang", "en")
    assert status == 0
    assert "whoever fills it in writes the unit" in said
    opened = Opened.of(file)
    sheet = opened.okrs
    sheet.rows[4][3] = "South"
    sheet.put(sheet.rows[6], objective="Be near", kr="Open 2 shops", kr__owner="Di")
    opened.save(file, day(10))
    call("sync", "--config", settings.file)
    assert refused(settings) == []
    with Reader(settings) as reader:
        found = {row["title"]: row["unit_id"] for row in reader.things("2026Q4")}
    assert found["Open 2 shops"] == "M2"


def test_what_is_there_is_never_overwritten(settings, call):
    file = written(settings, call)
    before = file.read_bytes()
    status, _, said = call("template", "--unit", "North", "--output", file, "--config", settings.file, "--lang", "en")
    assert (status, file.read_bytes()) == (2, before)
    assert "was not overwritten" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--unit", "Nort"], "North"),
        (["--period", "2026Q5"], "2026Q4"),
        (["--output", "a.csv"], ".xlsx"),
    ],
)
def test_what_cannot_be_meant_is_said(settings, call, words, told, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, _, said = call("template", *words, "--config", settings.file, "--lang", "en")
    assert status == 2
    assert told in said
    assert not list(tmp_path.glob("*.xlsx"))


def test_it_finds_a_name_of_its_own(settings, call, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, out, _ = call("template", "--unit", "M1", "--config", settings.file, "--lang", "en")
    assert status == 0
    assert out.startswith("OKR-template-North-2026Q4-")
    assert (tmp_path / out.strip()).exists()
    assert now(settings).year == 2026
