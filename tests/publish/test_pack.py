"""The pack of a meeting: who sees what in it, what stands in its cells, how its files come to be."""

from __future__ import annotations

import errno
import html
import json
import os
import re
import shutil
import stat
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from okr.errors import CallError, RunError
from okr.pipeline import prepare as preparing
from okr.pipeline import sync
from okr.pipeline.prepare import prepare
from okr.publish.pack import files as pack_files
from okr.publish.pack.facts import Facts
from okr.publish.pack.files import page_name, unit_name
from okr.publish.pack.store import Packs
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import now
from tests.publish import handshake

ALL = {f"{unit}-{seen}" for unit, seen, _ in handshake.OBJECTIVES}
PUBLIC = {name for name in ALL if name.endswith("-public")}
LINES = {"A": {"A", "A1", "M", "C"}, "B": {"B", "M", "C"}}
"""Units in line with each participant."""
MEETING = {"M", "A", "B"}


def in_units(units: set[str]) -> set[str]:
    return {name for name in ALL if name.endswith("-unit") and name.split("-")[0] in units}


HRBP_SEES = PUBLIC | in_units(MEETING)
LEADER_SEES = (
    PUBLIC | in_units({"M", "A", "B", "A1", "C"}) | {n for n in ALL if n.split("-")[0] in {"M", "A", "A1", "B"}}
)


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handshake")
    sync(handshake.write(folder), report=Listing())
    return folder


@pytest.fixture
def home(synced, tmp_path):
    shutil.copytree(synced, tmp_path / "home")
    return handshake.write(tmp_path / "home")


@pytest.fixture(scope="module")
def made(synced, tmp_path_factory):
    """A preparation and its report; read only."""
    folder = tmp_path_factory.mktemp("made") / "home"
    shutil.copytree(synced, folder)
    report = Listing()
    return run(handshake.write(folder), report=report), report


def run(settings, meeting="market", report=None, **how):
    """Prepare what the last run left; told to pull, or not to, judge as well."""
    return prepare(settings, meeting, who="tester", report=report or Listing(), **(how or {"scheduled": True}))


def cells(path: Path) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def everything(path: Path) -> str:
    """All that a file holds, hidden or not, as one text."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name).decode("utf-8") for name in archive.namelist()]
        return html.unescape("\n".join(parts))
    return html.unescape(path.read_text(encoding="utf-8"))


def told(path: Path) -> set[str]:
    """The Os of which a file says anything."""
    content = everything(path)
    return {name for name in ALL if any(text in content for text in handshake.texts(name))}


def file(made, kind, unit=None):
    (found,) = [one for one in made.pack if one.kind == kind and unit in {None, one.unit_id}]
    return made.folder / found.name


# -- who sees what ------------------------------------------------------------------------------------


def test_hrbps_see_all_that_they_may_and_nothing_else(made):
    assert told(file(made[0], "meeting")) == {name for name in HRBP_SEES if name.split("-")[0] in MEETING}


def test_the_leader_has_a_copy_with_what_only_the_leader_may_see(made):
    found = told(file(made[0], "leader"))
    assert found <= LEADER_SEES
    assert {"M-private", "A-private"} <= found
    assert not found & {"X-unit"}


@pytest.mark.parametrize("unit", ["A", "B"])
def test_a_participant_sees_what_its_people_and_the_hrbps_may(made, unit):
    found = told(file(made[0], "unit", unit))
    assert found <= PUBLIC | in_units(LINES[unit])
    assert found <= HRBP_SEES  # it goes through their hands
    assert {f"{unit}-public", f"{unit}-unit"} <= found


def test_the_page_says_what_everybody_may_see(made):
    assert told(file(made[0], "page")) <= PUBLIC


def test_what_may_not_be_seen_stands_there_by_number(made):
    (rows,) = [rows for name, rows in cells(file(made[0], "meeting")).items() if name.startswith("关键结果")]
    hidden = [row for row in rows if "（内容不公开）" in str(row[3])]
    assert {str(row[1]) for row in hidden} == {"O1-KR1"}
    assert all(row[5] in {"", None} for row in hidden)  # its date neither
    answers = cells(file(made[0], "unit", "B"))["请回应 To answer"]
    asked = [row for row in answers if row[0] in {"H0", "H1", "H2", "H9"}]
    told_of = {row[0]: " ".join(map(str, row)) for row in asked}
    assert handshake.secret("A-public", "point") in told_of["H0"]
    assert "O1-KR1（内容不公开）" in told_of["H2"]


def test_by_when_a_hidden_request_is_needed_is_hidden_too(made):
    for kind, unit in (("meeting", None), ("unit", "B")):
        rows = [row for rows in cells(file(made[0], kind, unit)).values() for row in rows]
        hidden = [row for row in rows if "（内容不公开） (confidential)" in row]
        assert hidden, kind
        assert not [row for row in hidden if any("2026-12-20" in str(one) for one in row)]


def test_no_leaders_copy_where_it_would_say_the_same(home):
    planning = home.folder / "planning" / "objectives.csv"
    planning.write_text(
        re.sub(r",(private|unit)$", ",public", planning.read_text("utf-8"), flags=re.MULTILINE), "utf-8"
    )
    done = run(home, pull=True, fresh=True)
    assert {one.kind for one in done.pack} == {"page", "meeting", "unit"}


def test_a_unit_with_private_os_gets_no_sheet_that_would_take_them_away(made):
    """What is missing on the sheet of OKRs is gone when it comes back."""
    assert not any("OKR" in name for name in cells(file(made[0], "unit", "A")))
    assert any("OKR" in name for name in cells(file(made[0], "unit", "B")))


# -- what stands in the cells -------------------------------------------------------------------------


def test_nothing_is_a_formula_or_a_link(made):
    for path in made[0].folder.glob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            sheets = [archive.read(name).decode() for name in names if name.startswith("xl/worksheets/sheet")]
            assert len(sheets) >= 4
            for sheet in sheets:
                assert "<f>" not in sheet
                assert "<hyperlink" not in sheet
            assert not any("external" in name.lower() for name in names)


def test_bad_names_are_text_in_every_cell(made):
    sheets = cells(file(made[0], "meeting"))
    values = {str(value) for rows in sheets.values() for row in rows for value in row}
    assert handshake.UNITS["A"][0] in values
    assert handshake.UNITS["B"][0] in values
    assert "=1+1" in values  # the leader's name


def test_a_name_of_several_lines_is_whole_in_the_titles_of_sheets(home):
    """A title's row shows one line: of a name that breaks only a part would be seen."""
    units = home.folder / "planning" / "org_units.csv"
    units.write_text(units.read_text("utf-8").replace(handshake.UNITS["B"][0], '"South\nEast"'), "utf-8")
    done = run(home, fresh=True, pull=True)
    (path,) = done.folder.glob("unit-B-*.xlsx")
    titles = [[str(value) for row in rows[1:4] for value in row] for rows in cells(path).values()]
    told = [value for sheet in titles for value in sheet if "South" in value]
    assert len(told) >= 4
    assert all("South East" in value for value in told)


def test_the_page_escapes_names_and_loads_nothing(made):
    page = file(made[0], "page").read_text("utf-8")
    assert "<script" not in page
    assert "<b>&amp;</b>" not in page
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import""", page)
    (told_hash,) = re.findall(r"style-src &#39;sha256-([^&]+)&#39;|style-src 'sha256-([^']+)'", page)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0]
    import base64
    import hashlib

    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in told_hash
    assert "style=" not in page.split("</head>")[1]


def test_figures_of_the_page_are_the_meetings(made):
    settings_folder = made[0].folder.parents[2]
    settings = handshake.load(settings_folder / "okr.toml")
    with Reader(settings) as reader:
        facts = Facts.of(settings, reader, "market", now(settings))
    assert sum(part.points for part in facts.parts) == pytest.approx(facts.meeting["readiness"])
    assert made[0].readiness == facts.meeting["readiness"]
    page = file(made[0], "page").read_text("utf-8")
    for part in facts.parts:
        assert f"{part.done} / {part.total}" in page
    requests, carried, sound = facts.parts
    # H2 and H6 count too, though nobody may read them; A1's is none of the meeting's
    assert (requests.done, requests.total) == (4, 7)
    assert (carried.done, carried.total) == (3, 3)
    assert (sound.done, sound.total) == (10, 10)


def test_every_gap_of_the_meeting_is_in_the_workbook(made):
    settings = handshake.load(made[0].folder.parents[2] / "okr.toml")
    with Reader(settings) as reader:
        gaps = list(reader.gaps(meeting="market", now=now(settings)))
    rows = cells(file(made[0], "meeting"))["缺口 Gaps"]
    codes = sorted(gap["code"] for gap in gaps)
    assert sorted(str(row[8]) for row in rows if re.fullmatch(r"[A-Z]{2}\d{3}", str(row[8]))) == codes
    assert made[0].gaps == {
        s: sum(g["severity"] == s for g in gaps) for s in dict.fromkeys(g["severity"] for g in gaps)
    }


def test_a_participant_has_its_own_gaps_and_requests(made):
    settings = handshake.load(made[0].folder.parents[2] / "okr.toml")
    with Reader(settings) as reader:
        gaps = list(reader.gaps(meeting="market", now=now(settings)))
    sheets = cells(file(made[0], "unit", "B"))
    own = [row for row in sheets["要处理的缺口 To close"] if re.fullmatch(r"[A-Z]{2}\d{3}", str(row[7]))]
    assert len(own) == sum(gap["unit_id"] == "B" for gap in gaps)
    asked = {row[0] for row in sheets["请回应 To answer"]} & {f"H{at}" for at in range(20)}
    assert asked == {"H0", "H1", "H2", "H9"}
    theirs = [row for row in sheets["我们的请求 We ask"] if str(row[1]).startswith("O")]
    assert len(theirs) == 3


def test_a_participants_workbook_speaks_its_leaders_language(made):
    assert next(iter(cells(file(made[0], "unit", "A")))) == "Start here 从这里开始"
    assert next(iter(cells(file(made[0], "unit", "B")))) == "从这里开始 Start here"


def test_sheets_that_come_back_are_no_okrs(made):
    """Our lists look like OKRs, and are known by their mark."""
    for path in made[0].folder.glob("*.xlsx"):
        for name, rows in cells(path).items():
            assert str(rows[0][0]).startswith("okr-handshake:"), (path.name, name)


# -- the same again -----------------------------------------------------------------------------------


def test_the_same_facts_make_the_same_bytes(home, made):
    again = run(home)
    assert [one.name for one in again.pack] == [one.name for one in made[0].pack]
    for one in again.pack:
        assert (again.folder / one.name).read_bytes() == (made[0].folder / one.name).read_bytes(), one.name


def test_names_come_from_ids(made):
    assert page_name("market") in made[0].files
    assert unit_name("A") in made[0].files
    assert json.loads((made[0].folder / "pack.json").read_text("utf-8"))["meeting_id"] == "market"


@given(st.text(min_size=1, max_size=250))
def test_no_id_becomes_a_path(text):
    for name in (unit_name(text), page_name(text), Packs(Path("/packs")).folder(text).name):
        assert re.fullmatch(r"[\w-]+(\.xlsx|\.html)?", name)
        assert len(name.encode()) < 200


def test_files_are_for_the_owner_alone(made):
    folder = made[0].folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


# -- how a pack comes to be ---------------------------------------------------------------------------


def test_latest_points_to_the_last(home):
    first, second = run(home), run(home)
    assert first.folder != second.folder
    assert second.latest.resolve() == second.folder.resolve()
    assert {one.folder for one in Packs(home.packs.path).all("market")} == {first.folder, second.folder}


def test_the_last_pack_stands_first_also_where_all_bear_one_time(tmp_path):
    """In a demo or a rehearsal the time of day stands still, and the pages show the first as the present one."""
    packs, at = Packs(tmp_path), datetime(2026, 12, 11, tzinfo=UTC)
    for written, run_id in enumerate(["mm", "zz", "aa"]):
        (tmp_path / "market").mkdir(exist_ok=True)
        with packs.writing("market", run_id, at) as writing:
            pass
        os.utime(writing.folder / "pack.json", (written, written))

    assert [pack.about["run_id"] for pack in packs.all("market")] == ["aa", "zz", "mm"]

    with packs.writing("market", "early", at - timedelta(days=1)):
        pass
    assert [pack.about["run_id"] for pack in packs.all("market")] == ["early", "aa", "zz", "mm"]


def test_a_full_disk_leaves_the_last_pack(home, monkeypatch):
    first = run(home)

    def full(path, *rest):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pack_files, "write_unit_book", full)
    with pytest.raises(RunError) as failed:
        run(home)
    assert failed.value.code == "pack_disk_full"
    assert failed.value.exit_status == 3
    assert first.latest.resolve() == first.folder.resolve()
    assert sorted(path.name for path in first.folder.parent.iterdir()) == sorted([first.folder.name, "latest"])


def test_a_disk_that_is_full_when_a_workbook_is_closed(home, monkeypatch):
    """XlsxWriter has an error of its own for that."""
    from xlsxwriter import Workbook

    def full(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Workbook, "_store_workbook", full)
    with pytest.raises(RunError) as failed:
        run(home)
    assert failed.value.code == "pack_disk_full"
    assert not [path for path in home.packs.path.rglob("*") if path.name == "latest"]


def test_a_folder_that_cannot_be_written_to(home):
    home.packs.path.write_text("a file")
    with pytest.raises(RunError) as failed:
        run(home)
    assert failed.value.code == "pack_unwritable"


def test_a_second_preparation_waits_and_says_so(home):
    report, done = Listing(), threading.Event()
    results = []

    def second():
        results.append(run(home, report=report))
        done.set()

    with Packs(home.packs.path).alone(Listing()):
        waiting = threading.Thread(target=second)
        waiting.start()
        for _ in range(200):
            if report.notes:
                break
            done.wait(0.05)
        assert [code for code, _ in report.notes] == ["waiting_for_preparation"]
        assert not done.is_set()
    waiting.join(60)
    assert results
    assert results[0].latest.exists()


def test_old_packs_go_but_not_the_last(home):
    first = run(home)
    old = first.folder.with_name("20240101T000000Z-00000000")
    shutil.copytree(first.folder, old)
    left_by_a_killed_run = first.folder.with_name(".tmp-0000")
    left_by_a_killed_run.mkdir()
    second = run(home)
    assert not old.exists()
    assert not left_by_a_killed_run.exists()
    assert first.folder.exists()
    assert Packs(home.packs.path).prune(now(home) + timedelta(days=1)) == 1
    assert second.folder.exists()


def stores(settings):
    """The bytes of all that a dry run must leave alone."""
    folder = settings.folder
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "packs" not in path.parts and not path.name.endswith(".lock")
    }


def test_a_dry_run_makes_the_files_and_leaves_the_stores(home):
    before = stores(home)
    done = run(home, dry_run=True, pull=False)
    assert stores(home) == before
    assert done.dry_run
    assert (done.latest / page_name("market")).exists()
    assert [name for name in done.files if name.startswith("mails/")]


def test_a_dry_run_before_any_run_makes_no_store(tmp_path):
    settings = handshake.write(tmp_path / "home")
    done = run(settings, dry_run=True, pull=True)
    assert (done.folder / page_name("market")).exists()
    assert not settings.warehouse.path.exists()
    assert not (settings.folder / "ledger.sqlite").exists()


# -- what is pulled, and which meeting ----------------------------------------------------------------


def test_a_preparation_soon_after_a_dry_run_makes_the_first_warehouse(tmp_path):
    """The dry run has read the sources, so that none is read again; what it read is all there."""
    settings = handshake.write(tmp_path)
    rehearsed = run(settings, dry_run=True, pull=True)
    assert not settings.warehouse.path.exists()
    done = run(settings, pull=True)
    assert (done.readiness, done.gaps) == (rehearsed.readiness, rehearsed.gaps)
    assert settings.warehouse.path.exists()


def test_sources_that_were_read_lately_are_not_read_again(home, monkeypatch):
    report = Listing()
    run(home, pull=True, report=report)
    assert ("pack_already_pulled", {"sources": ["planning"]}) in report.notes
    asked = []
    pull = preparing.pull_source
    monkeypatch.setattr(preparing, "pull_source", lambda s, name, r, **k: asked.append(name) or pull(s, name, r, **k))
    at = now(home)
    for hours, expected in ((0, []), (1, []), (1.1, ["planning"]), (-1, ["planning"])):
        assert preparing._to_pull(home, at + timedelta(hours=hours), fresh=False) == expected, hours
    assert preparing._to_pull(home, at, fresh=True) == ["planning"]
    monkeypatch.setenv("OKR_NOW", "2026-12-11T09:30:00+08:00")
    run(home, pull=True)
    assert asked == ["planning"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("nobody", "unknown_meeting"), ("old", "past_meeting")],
)
def test_a_meeting_that_is_none_changes_nothing(home, said, code, monkeypatch):
    text = (
        handshake.SETTINGS + '\n[meetings.old]\nunit = "M"\nperiod = "2026Q4"\nstarts_at = 2026-11-02T09:30:00+08:00\n'
    )
    settings = handshake.write(home.folder, text)
    sync(settings, report=Listing())
    before = stores(settings)
    with pytest.raises(CallError) as refused:
        run(settings, said, pull=True)
    assert refused.value.code == code
    assert refused.value.exit_status == 2
    assert "握手会" in str(refused.value.values["nearest"])
    assert stores(settings) == before


@pytest.mark.parametrize("said", ["market", "M", "市场\n部", '=hyperlink("http://example.com") 握手会'])
def test_a_meeting_is_known_by_id_title_and_upper_unit(home, said):
    assert run(home, said, scheduled=True).meeting_id == "market"


def test_a_meeting_that_the_settings_have_since(home):
    text = (
        handshake.SETTINGS + '\n[meetings.next]\nunit = "A"\nperiod = "2026Q4"\nstarts_at = 2026-12-20T09:30:00+08:00\n'
    )
    settings = handshake.write(home.folder, text)
    assert run(settings, "next", pull=False).meeting_id == "next"


def test_without_a_warehouse_and_without_pulling_there_is_nothing_to_tell(tmp_path):
    settings = handshake.write(tmp_path / "home")
    with pytest.raises(CallError) as refused:
        run(settings, pull=False)
    assert refused.value.code == "no_warehouse"
    assert not settings.warehouse.path.exists()


def test_fresh_and_no_pull_exclude_each_other(home):
    with pytest.raises(CallError) as refused:
        run(home, fresh=True, pull=False)
    assert refused.value.code == "options_exclude"


def test_a_rehearsal_needs_an_address(home):
    with pytest.raises(CallError) as refused:
        run(home, rehearsal=True)
    assert refused.value.code == "mail_rehearsal_needs_redirect"


def test_a_unit_without_units_below_and_without_okrs(home):
    text = handshake.SETTINGS.replace('unit = "M"', 'unit = "X"')
    settings = handshake.write(home.folder, text)
    krs = settings.folder / "planning" / "key_results.csv"
    krs.write_text(
        "\n".join(line for line in krs.read_text("utf-8").splitlines() if not line.startswith("X-")), "utf-8"
    )
    report = Listing()
    done = run(settings, report=report, pull=True, fresh=True)
    assert {code for code, _ in report.notes} >= {"pack_without_participants", "pack_without_okrs"}
    assert {one.kind for one in done.pack} >= {"page", "meeting"}
    page = (done.folder / page_name("market")).read_text("utf-8")
    assert "没有人可以握手" in page
    assert "说不上要不要开会" in page


def test_where_no_source_knows_handshakes_the_page_says_so(home):
    (home.folder / "planning" / "handshakes.csv").unlink()
    done = run(home, pull=True, fresh=True)
    page = file(done, "page").read_text("utf-8")
    assert "不计，其余两部分折算成 100 分" in page
    settings = handshake.load(home.file)
    with Reader(settings) as reader:
        facts = Facts.of(settings, reader, "market", now(settings))
    assert [part.code for part in facts.parts] == ["carried", "sound"]
    assert sum(part.points for part in facts.parts) == pytest.approx(facts.meeting["readiness"])


def test_a_source_behind_stands_on_the_page(home):
    shutil.rmtree(home.folder / "planning")
    done = run(home, pull=True, fresh=True)
    assert done.exit_status == 1
    assert "planning" in everything(file(done, "page"))
    assert "读取失败" in everything(file(done, "page"))
    assert any("读取失败" in str(value) for row in cells(file(done, "meeting"))["概览 Overview"] for value in row)


def test_who_asked_stands_in_the_log(home):
    from okr.ledger import Ledger

    run(home, pull=False)
    with Ledger.of(home) as ledger:
        last = ledger.runs(1)[0]
    assert (last.command, last.details["who"]) == ("prepare", "tester")
    assert os.environ.get("OKR_NOW") is None
