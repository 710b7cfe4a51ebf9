"""`okr login-link` and what `okr serve` refuses before it begins."""

from __future__ import annotations

import os
import re

import pytest

from okr.cli import serve
from okr.cli.start import run
from tests.web.conftest import SETTINGS


@pytest.fixture
def settings(enterprise, tmp_path):
    file = tmp_path / "okr.toml"
    file.write_text(
        SETTINGS.replace('path = "warehouse.duckdb"', f'path = "{enterprise}/warehouse.duckdb"'), encoding="utf-8"
    )
    return file


def test_a_link_is_the_only_thing_on_standard_output(settings, capsys, open_pages):
    assert run(["login-link", "LILEI@example.com", "--config", str(settings), "--lang", "en"]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(r"http://127\.0\.0\.1:8620/sign-in/\S+\n", told.out)
    assert "lilei@example.com" in told.err
    pages = open_pages()  # the same folder: the same key
    browser = pages.browser()
    path = told.out.strip().removeprefix(pages.origin)
    assert browser.post(path, headers={"origin": pages.origin}).status_code == 303
    assert "Handshake of Market" in browser.get("/").text


def test_without_an_address_it_is_for_ops(settings, capsys, open_pages):
    assert run(["login-link", "--config", str(settings)]) == 0
    link = capsys.readouterr().out.strip()
    pages = open_pages()
    browser = pages.browser()
    assert browser.post(link.removeprefix(pages.origin), headers={"origin": pages.origin}).status_code == 303
    assert browser.get("/runs").status_code == 200


@pytest.mark.parametrize("address", ["cy@example.com", "gone@example.com", "hall@example.com", "x\nx@example.com"])
def test_whom_nobody_names_gets_no_link(settings, capsys, address):
    assert run(["login-link", address, "--config", str(settings), "--lang", "en"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "neither a coming meeting nor [ops] emails" in told.err
    assert address != "hall@example.com" or "hal@example.com" in told.err


def test_before_the_first_run_ops_get_their_link(tmp_path, capsys):
    file = tmp_path / "okr.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    assert run(["login-link", "ops@example.com", "--config", str(file)]) == 0
    assert run(["login-link", "hal@example.com", "--config", str(file)]) == 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_serve_refuses_what_is_too_open(tmp_path, capsys, lang):
    file = tmp_path / "okr.toml"
    file.write_text(SETTINGS + '\n[web]\naddress = "0.0.0.0"\n', encoding="utf-8")
    assert run(["serve", "--config", str(file), "--lang", lang]) == 2
    assert "0.0.0.0" in capsys.readouterr().err
    assert not (tmp_path / ".prefect").exists()


def test_serve_refuses_an_address_of_another_machine(tmp_path, capsys):
    file = tmp_path / "okr.toml"
    web = 'address = "192.0.2.1"\nurl = "https://okr.example.com"\nproxy_addresses = ["192.0.2.2"]\n'
    file.write_text(f"{SETTINGS}\n[web]\n{web}", encoding="utf-8")
    assert run(["serve", "--config", str(file), "--lang", "en"]) == 2
    assert "none of this machine's" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["", "  "])
def test_an_empty_address_is_no_link_for_ops(settings, capsys, address):
    """A script whose variable is empty would mail it to somebody."""
    assert run(["login-link", address, "--config", str(settings), "--lang", "en"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "empty" in told.err


def test_only_what_goes_to_the_journal_holds_no_link(tmp_path, monkeypatch):
    """A desktop's terminals have inherited the name of a journal that nothing of theirs goes to."""
    with (tmp_path / "out").open("w") as out:
        found = os.fstat(out.fileno())
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert serve._to_the_journal()
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino + 1}")
        assert not serve._to_the_journal()
        monkeypatch.delenv("JOURNAL_STREAM")
        assert not serve._to_the_journal()
