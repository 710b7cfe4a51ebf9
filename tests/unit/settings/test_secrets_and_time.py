"""Secrets are read where they are needed; the time of day may be set by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from okr.errors import CallError, SettingsError
from okr.settings import now, parse, require_secrets, resolve, set_by_hand

SOURCES = """
timezone = "UTC"
[sources.a]
kind = "sql"
url = "postgresql+psycopg://u@h/d"
password = { env = "A_PASSWORD" }
tables = { people = "p" }
[sources.b]
kind = "sql"
url = "postgresql+psycopg://u@h/d"
password = { file = "b.key" }
tables = { people = "p" }
[sources.c]
kind = "sql"
url = "postgresql+psycopg://u@h/d"
password = { block = "c-key" }
tables = { people = "p" }
"""


@pytest.fixture
def sources(tmp_path):
    return parse(SOURCES, tmp_path / "okr.toml").sources


def block(name: str) -> str:
    if name != "c-key":
        raise ValueError(name)
    return "sesame"


def missing(secret, **how) -> tuple[str, object]:
    with pytest.raises(SettingsError) as caught:
        resolve(secret, **how)
    assert str(caught.value.values["file"]).endswith("okr.toml")
    return caught.value.code, caught.value.values["key"]


def test_a_secret_out_of_the_environment(sources, monkeypatch):
    assert missing(sources["a"].password) == ("secret_env_missing", "sources.a.password")
    monkeypatch.setenv("A_PASSWORD", "")
    assert missing(sources["a"].password) == ("secret_env_missing", "sources.a.password")
    monkeypatch.setenv("A_PASSWORD", "sesame ")
    assert resolve(sources["a"].password) == "sesame "


def test_a_secret_out_of_a_file(sources, tmp_path):
    file = tmp_path / "b.key"
    assert missing(sources["b"].password) == ("secret_file_missing", "sources.b.password")
    file.write_bytes(b"\n")
    assert missing(sources["b"].password) == ("secret_file_empty", "sources.b.password")
    file.write_bytes(b"\xff\xfe\xfa")
    assert missing(sources["b"].password) == ("secret_file_unreadable", "sources.b.password")
    file.write_bytes(b"\xef\xbb\xbfsesame\r\n")
    assert resolve(sources["b"].password) == "sesame"
    file.unlink()
    file.mkdir()
    assert missing(sources["b"].password) == ("secret_file_unreadable", "sources.b.password")


def test_a_secret_out_of_a_block(sources):
    assert missing(sources["c"].password) == ("secret_block_unavailable", "sources.c.password")
    assert resolve(sources["c"].password, block=block) == "sesame"
    gone = missing(sources["c"].password, block=lambda name: block("other"))
    assert gone == ("secret_block_missing", "sources.c.password")


def test_missing_secrets_are_all_told_before_anything_begins(tmp_path, monkeypatch):
    settings = parse(SOURCES, tmp_path / "okr.toml")
    with pytest.raises(SettingsError) as caught:
        require_secrets(settings)
    assert [p.values["key"] for p in caught.value.problems] == [f"sources.{name}.password" for name in "abc"]
    monkeypatch.setenv("A_PASSWORD", "x")
    require_secrets(settings, sources=["a"])
    require_secrets(settings, sources=["c"], block=block)


def test_a_secret_never_shows(sources, monkeypatch):
    monkeypatch.setenv("A_PASSWORD", "sesame")
    resolve(sources["a"].password)
    assert "sesame" not in f"{sources!r} {sources['a'].password} {sources['a'].model_dump_json()}"


DEMO = 'timezone = "Asia/Shanghai"\nnow = 2026-12-11T08:00:00+08:00'


def test_now_is_okr_now_else_the_settings_else_the_clock(monkeypatch):
    demo, plain = parse(DEMO, Path("okr.toml")), parse('timezone = "UTC"', Path("okr.toml"))
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        assert now() == now(plain) == datetime(2026, 1, 1, tzinfo=UTC)
        assert not set_by_hand(plain)
    assert now(demo) == datetime(2026, 12, 11, 0, 0, tzinfo=UTC)
    assert now(demo).tzinfo is UTC
    assert set_by_hand(demo)
    monkeypatch.setenv("OKR_NOW", "2027-01-01T00:00:00Z")
    assert now(demo) == now() == datetime(2027, 1, 1, tzinfo=UTC)
    assert set_by_hand(plain)


@pytest.mark.parametrize("wish", ["tomorrow", "2026-12-11", "2026-12-11T08:00:00", "0001-01-01T00:00:00+14:00"])
def test_an_okr_now_that_is_no_moment_is_refused(monkeypatch, wish):
    monkeypatch.setenv("OKR_NOW", wish)
    with pytest.raises(CallError) as caught:
        now()
    assert (caught.value.code, caught.value.values) == ("okr_now_wrong", {"value": wish})
