"""The made-up enterprise: every rule has a case, and every number that it prints is right."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from okr import demo, pipeline
from okr.errors import CallError
from okr.reconcile.reading import Reader
from okr.reconcile.rulebook import rules
from okr.report import Listing
from okr.settings import load, now
from tests.end_to_end.demo_labels import labels, line

SEVERITIES = ("critical", "major", "minor", "info")

COVERAGE = {
    # unit: KRs, carried, carried as a whole
    "CF": (7, 5, 1),
    "MK": (4, 3, 0),
    "OP": (3, 2, 0),
    "PD": (5, 5, 0),
    "PD-SW": (4, 2, 0),
    "SW-FLEET": (3, 2, 0),
}

QUARANTINE = {
    ("planning", "key_results.csv:27", "unknown_objective"),
    ("units", "机器人产品部OKR-2026Q4.xlsx!OKR!A9 承接（上级KR）", "ambiguous_upper"),  # twice
    ("units", "机器人产品部OKR-2026Q4.xlsx!OKR!A11 承接（上级KR）", "unknown_upper"),
    ("units", "机器人产品部OKR-2026Q4.xlsx!OKR!D9 信心指数", "not_a_number"),
    ("units", "机器人产品部OKR-2026Q4.xlsx!OKR!G5 参与人", "unknown_person"),
    ("units", "机器人产品部OKR-2026Q4.xlsx!OKR!H10 完成日期", "not_a_date"),
}


def expected() -> dict[str, list[str]]:
    """The lines of demo_gaps.txt by view."""
    views: dict[str, list[str]] = {}
    for text in (Path(__file__).with_name("demo_gaps.txt")).read_text("utf-8").splitlines():
        if found := re.fullmatch(r"# (20\d\d(?:Q\d)?)", text):
            view = views.setdefault(found[1], [])
        elif not text.startswith("#"):
            view.append(text)
    return views


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """The demo's settings, after one run."""
    loaded = load(demo.write(tmp_path_factory.mktemp("demo")))
    pipeline.sync(loaded, report=Listing())
    return loaded


@pytest.mark.parametrize("period", ["2026Q4", "2027Q1"])
def test_just_these_gaps(settings, period):
    known = labels(settings.warehouse.path)
    with Reader(settings) as reader:
        found = sorted(line(gap, known) for gap in reader.gaps(period=period, now=now(settings)))
    assert found == sorted(expected()[period])


def test_every_rule_has_a_case():
    seen = {text.split()[0] for view in expected().values() for text in view}
    assert seen == set(rules())


def test_coverage(settings):
    with Reader(settings) as reader:
        units = reader.coverage(now=now(settings))
    found = {
        unit["unit_id"]: (unit["krs"], unit["carried"], unit["carried_as_a_whole"])
        for unit in units
        if unit["coverage"] is not None
    }
    assert found == COVERAGE


def test_what_was_refused_is_told_by_cell(settings):
    with Reader(settings) as reader:
        rows = reader.quarantine()
    assert {(row["source"], row["place"], row["code"]) for row in rows} == QUARANTINE
    assert Counter(row["whole"] for row in rows) == {True: 4, False: 3}
    # The nearest candidates are named, also where nothing is really like what was written.
    (unknown,) = [row for row in rows if row["code"] == "unknown_upper"]
    assert (unknown["value"], unknown["values"]["nearest"]) == ("KR9", ["O1-KR1"])


def test_the_meeting(settings):
    with Reader(settings) as reader:
        (meeting,) = reader.meetings(now=now(settings))
    assert meeting["participants"] == ["MK-CN", "MK-CS", "MK-INTL"]
    assert (meeting["requests"], meeting["accepted"], meeting["unanswered"]) == (6, 2, 4)
    # 40 × 2 answered of 6, 40 × 2 KRs carried of 3, 20 × 6 things of 7 without a finding
    assert meeting["readiness"] == pytest.approx(40 * 2 / 6 + 40 * 2 / 3 + 20 * 6 / 7)


def run(folder: Path, language: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "okr.cli", "demo", str(folder), "--lang", language],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(demo.__file__).parents[2])},
        check=False,
    )


@pytest.fixture(scope="module", params=["zh", "en"])
def printed(request, tmp_path_factory):
    """What `okr demo` prints, run twice into one folder."""
    folder = tmp_path_factory.mktemp("printed")
    return run(folder, request.param), run(folder, request.param)


@pytest.mark.slow
def test_a_second_time_it_says_the_same(printed):
    first, second = printed
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout


@pytest.mark.slow
def test_numbers_that_are_printed(printed):
    lines = printed[0].stdout.splitlines()
    severities = {rule.code: rule.severity for rule in rules().values()}
    view = expected()["2026Q4"]
    counts = Counter(severities[text.split()[0]] for text in view)
    told = [tuple(int(number) for number in re.findall(r"\d+", text)) for text in lines]
    assert tuple(counts[severity] for severity in SEVERITIES) in told
    assert any(str(len(view)) in text and "2026Q4" in text for text in lines)
    assert (168,) in told  # 15 units and 153 people
    assert (91,) in told  # rows of the seven tables
    critical = Counter(text.split()[0] for text in view if severities[text.split()[0]] == "critical")
    for code, count in critical.items():
        assert any(text.split()[:1] == [code] and text.endswith(f"× {count}") for text in lines)
    shares = {f"{krs} {carried} {carried / krs:.0%}" for krs, carried, _ in COVERAGE.values()}
    assert shares <= {" ".join(text.split()[-3:]) for text in lines}


@pytest.mark.slow
def test_no_code_where_a_sentence_should_be(printed):
    codes = re.compile(r"\b(?:demo|error|note|stage|quarantine)\.[a-z_]+|\{[a-z_]+\}")
    assert not codes.findall(printed[0].stdout + printed[0].stderr)


def test_a_folder_with_other_peoples_settings_is_left_alone(tmp_path):
    other = tmp_path / "okr.toml"
    other.write_text('timezone = "Asia/Shanghai"\n', encoding="utf-8")
    with pytest.raises(CallError) as refused:
        demo.write(tmp_path)
    assert refused.value.code == "demo_folder_taken"
    assert [path.name for path in tmp_path.iterdir()] == ["okr.toml"]


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CallError) as refused:
        demo.write(tmp_path / "file" / "demo")
    assert refused.value.code == "demo_folder_unwritable"
