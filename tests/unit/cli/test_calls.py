"""Calls: help that lists everything, in two languages and at once; wrong calls told with the nearest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from okr import texts
from okr.cli import commands, guide, rooms, start
from okr.cli.columns import GAPS
from okr.errors import CallError, RunError
from okr.reconcile.rulebook import rules


@pytest.fixture
def call(capfd, monkeypatch, tmp_path):
    """Run a call in an empty folder: its exit status, what it printed, what it said."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words):
        capfd.readouterr()
        status = start.run(words)
        sys.stdout.flush()
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_lists_every_command_in_its_group(call, lang):
    status, out, err = call("--help", "--lang", lang)
    assert (status, err) == (0, "")
    assert all(f"\n  {name} " in out for name in commands.families())
    assert "cli." not in out
    for words in ([], ["-h"], ["help"], ["--lang", lang]):
        assert call("--lang", lang, *words)[:2] == (0, out)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.name)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_command_explains_itself_and_each_option(call, command, lang):
    status, out, err = call(*command.name.split(" "), "--help", "--lang", lang)
    assert (status, err) == (0, "")
    assert "cli." not in out
    assert "--config" in out
    assert "--lang" in out
    for argument in guide.taken(command):
        assert texts.known(guide.option_code(command, argument), lang)


@pytest.mark.parametrize("family", ["decide"])
def test_a_family_lists_its_members(call, family):
    status, out, _ = call(family)
    assert status == 0
    assert all(command.name in out for command in commands.members(family))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gap"], "`gaps`"),
        (["decide", "delivry"], "decide delivery"),
        (["gaps", "--unt", "x"], "--unit"),
        (["gaps", "--unit"], "--unit lacks"),
        (["gaps", "--format", "jsn"], "json"),
        (["gaps", "--lang", "fr"], "zh"),
        (["gaps", "foo"], "foo"),
        (["gaps", "--unit", "A", "--unit", "B"], "--unit"),
        (["gaps", "--meeting", "x", "--period", "y"], "--period"),
        (["decide", "delivery", "hr", "acept"], "accept"),
        (["decide", "delivery", "hr"], "VERDICT"),
        (["decide", "take-back", "x"], "ENTRY"),
        (["explain", "AL10"], "AL10"),
        (["--frmat"], "--frmat"),
        (["sync", "--config"], "--config lacks"),
        (["gaps", "--config", "nowhere.toml"], "nowhere.toml"),
        (["gaps"], "okr init"),
    ],
)
def test_a_wrong_call_is_status_2_and_says_what_is_meant(call, words, said):
    status, out, err = call(*words)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_the_language_is_the_option_then_the_environment_then_the_settings_then_the_locale(call, monkeypatch, tmp_path):
    chinese = texts.text("cli.group.look", "zh")
    assert chinese not in call()[1]
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert chinese in call()[1]
    (tmp_path / "okr.toml").write_text('language = "en"', encoding="utf-8")
    assert chinese not in call()[1]
    (tmp_path / "other.toml").write_text('language = "zh"', encoding="utf-8")
    assert chinese in call("--config", "other.toml")[1]
    monkeypatch.setenv("OKR_LANG", "zh")
    assert chinese in call()[1]
    assert chinese not in call("--lang", "en")[1]


def test_version(call):
    status, out, _ = call("--version")
    assert status == 0
    assert out.startswith("okr ")


def test_rules_are_explained_by_code_and_by_name(call):
    status, by_code, _ = call("explain", "al101")
    assert status == 0
    assert call("explain", "dropped-ball")[:2] == (0, by_code)
    assert "AL101" in by_code
    assert "cli." not in by_code
    status, all_rules, _ = call("explain", "--lang", "zh")
    assert status == 0
    assert "HS212" in all_rules


def test_every_rule_is_explained_in_both_languages():
    for code in rules():
        assert texts.known(f"cli.meaning.{code}", "zh")
        assert texts.known(f"cli.meaning.{code}", "en")


def test_what_nobody_foresaw_is_status_3_without_a_traceback(call, monkeypatch):
    def broken(*_):
        raise ValueError("inside\nsecond line")

    monkeypatch.setattr("okr.cli.rooms.rules", broken)
    status, _, err = call("explain")
    assert status == 3
    assert "ValueError: inside" in err
    assert "Traceback" not in err
    assert "second line" not in err
    monkeypatch.setenv("OKR_DEBUG", "1")
    assert "Traceback" in call("explain")[2]


def test_stopped_commands_end_with_the_signals_status(call, monkeypatch):
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        monkeypatch.setattr("okr.cli.rooms.rules", lambda number=number: os.kill(os.getpid(), number))
        assert call("explain")[0] == status


def test_errors_keep_their_exit_status(call, monkeypatch):
    def held():
        raise RunError("warehouse_held", path="w", reason="r")

    monkeypatch.setattr("okr.cli.rooms.rules", held)
    assert call("explain")[0] == 3


HEAVY = {"cyclopts", "rich", "pydantic", "polars", "duckdb", "pandera", "sqlalchemy", "prefect"}


def _imported(program):
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    return set(json.loads(told.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy():
    program = "import sys, json; from okr.cli.start import run; run(['--help']); print(json.dumps(list(sys.modules)))"
    assert not HEAVY & _imported(program)


def test_help_on_a_command_imports_nothing_but_the_parser():
    program = (
        "import sys, json; from okr.cli.start import run; run(['sync', '--help']);print(json.dumps(list(sys.modules)))"
    )
    assert HEAVY & _imported(program) == {"cyclopts"}


def test_the_first_sign_of_progress_comes_before_anything_heavy_is_imported(tmp_path):
    program = f"""
import sys, json
class Watch:
    first = None
    def isatty(self): return False
    def write(self, text):
        Watch.first = Watch.first or list(sys.modules)
    def flush(self): pass
sys.stderr = Watch()
from okr.cli.start import run
run(["sync", "--config", {str(tmp_path / "okr.toml")!r}])
print(json.dumps(Watch.first))
"""
    assert not (HEAVY - {"cyclopts", "rich"}) & _imported(program)


def test_options_of_every_command_may_stand_in_front(call, tmp_path):
    status, _, err = call("--lang", "zh", "--config", "weg.toml", "gaps")
    assert status == 2
    assert "weg.toml" in err
    assert "没有" in err


def test_gaps_have_the_fields_of_the_contract():
    assert [column.name for column in GAPS] == [
        "code", "name", "severity", "subject_kind", "subject_id", "period_id", "unit_id",
        "counterparty_unit_id", "notify_person_id", "message_zh", "message_en", "detail",
        "provisional", "first_seen", "fingerprint",
    ]  # fmt: skip


def test_an_unknown_command_without_any_likeness_is_told_too():
    with pytest.raises(CallError):
        start._command(["!!!"])


def test_a_prefect_that_does_not_answer_is_named(monkeypatch):
    def silent(_name):
        raise RuntimeError

    monkeypatch.setattr("flows.secrets.from_block", silent)
    with pytest.raises(RunError) as raised:
        rooms.block("hr")
    assert (raised.value.code, raised.value.values) == ("prefect_silent", {"reason": "RuntimeError"})
