"""Progress: bars on a terminal, lines elsewhere; nobody listening never stops a run."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from okr.cli import progress
from okr.errors import SourceError


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Gone(io.StringIO):
    def write(self, _):
        raise BrokenPipeError


@pytest.fixture
def stderr(monkeypatch):
    def put(stream):
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    return put


def test_lines_for_logs(stderr):
    out = stderr(io.StringIO())
    with progress.reporting() as report:
        report.stage("settings")
        report.stage("check_source", total=3, source="hr")
        report.advance()
        report.note("table_not_read", table="people", reason=SourceError("file_empty", file="p.csv"))
    first, second, third = out.getvalue().splitlines()
    assert first == "Reading the settings"
    assert second == "Trying hr"
    assert third.startswith("! people could not be read: p.csv is empty")


def test_lines_tell_of_long_stages_now_and_then(stderr, monkeypatch):
    out = stderr(io.StringIO())
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    with progress.reporting() as report:
        report.stage("settings", total=3)
        report.advance(2)
    assert out.getvalue().splitlines()[-1].endswith("2/3")


def test_bars_on_a_terminal_also_from_several_threads(stderr):
    out = stderr(Terminal())
    with progress.reporting() as report:
        report.stage("settings", total=2)

        def pull(name):
            report.stage("check_source", total=5, source=name)
            for _ in range(5):
                report.advance()
            report.note("table_not_read", table=name, reason="[bold]no markup[/bold]")

        threads = [threading.Thread(target=pull, args=(name,)) for name in ("hr", "plan")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        report.advance(2)
        report.stage("settings")
    told = out.getvalue()
    assert "Trying hr" in told
    assert "[bold]no markup[/bold]" in told


def test_no_bars_on_a_dumb_terminal(stderr, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stderr(Terminal())
    with progress.reporting() as report:
        assert isinstance(report, progress.Lines)


def test_nobody_listening_is_no_failure(stderr):
    stderr(Gone())
    with progress.reporting() as report:
        report.stage("settings")
        report.note("table_not_read", table="t", reason="r")


def test_bars_let_failures_through(stderr):
    stderr(Terminal())

    def fails():
        with progress.reporting() as report:
            report.stage("settings")
            raise KeyError

    with pytest.raises(KeyError):
        fails()


def test_bars_end_where_the_result_begins(stderr, monkeypatch):
    out = stderr(Terminal())
    result = io.StringIO()
    monkeypatch.setattr(sys, "stdout", result)
    with progress.reporting() as report:
        report.stage("settings")
        print("the result", flush=True)
        told = out.getvalue()
        report.stage("check_source", source="hr")
        assert out.getvalue() == told
    assert result.getvalue() == "the result\n"
    assert sys.stdout is result
