"""`okr prepare` on the demo: from the command line, again and again, and with a real mail server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from okr import demo, pipeline
from okr.errors import RunError
from okr.ledger import Ledger
from okr.pipeline.prepare import prepare
from okr.publish.pack.files import leader_name, meeting_name, page_name
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import load, now
from tests.mailserver import mail_server
from tests.publish import handshake


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """The demo's settings, after one run."""
    loaded = load(demo.write(tmp_path_factory.mktemp("demo")))
    pipeline.sync(loaded, report=Listing())
    return loaded


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "okr.cli", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(demo.__file__).parents[2])},
        check=False,
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_command_says_what_it_made(settings, language):
    done = call(settings.folder, "prepare", "市场事业群", "--no-pull", "--lang", language)
    assert done.returncode == 1, done.stderr  # one workbook of the demo is a login page
    lines = done.stdout.splitlines()
    (folder,) = [line.rpartition(" ")[2].rpartition("：")[2] for line in lines if "packs/" in line]
    made = {path.name for path in (settings.folder / folder).iterdir()} - {"pack.json", "mails"}
    told = {line.split()[0] for line in lines if line.startswith("  ")}
    assert made == {word for word in told if re.match("(readiness|meeting|unit)-", word)}
    assert any("57" in line for line in lines)
    assert "客户成功部OKR-2026Q4.xlsx" in done.stdout
    assert not re.findall(r"\b(?:cli|pack|error|note|stage)\.[a-z_]+|\{[a-z_]+\}", done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("prepare", "marketing-2027q1"), "market-2027q1"),
        (("prepare", "market-2027q1", "--fresh", "--no-pull"), "--no-pull"),
        (("prepare", "market-2027q1", "--rehearsal"), "mail.redirect_to"),
        (("prepare",), "MEETING"),
        (("prepare", "market-2027q1", "--frsh"), "--fresh"),
    ],
)
def test_a_wrong_call_is_refused_with_what_would_be_right(settings, words, told):
    done = call(settings.folder, *words, "--lang", "en")
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_what_was_refused_stays_as_many_however_often_it_runs(settings):
    """Words that stand are looked up in each run; what comes of it takes the place of what came before."""
    first, second = (prepare(settings, "market-2027q1", pull=False, who="t", report=Listing()).sync for _ in range(2))
    assert (first.refused_rows, first.refused_values) == (4, 3)
    assert (second.refused_rows, second.refused_values) == (4, 3)


def test_participants_and_mails_of_the_demo(settings):
    done = prepare(settings, "market-2027q1", scheduled=True, who="t", report=Listing())
    assert [one.unit_id for one in done.pack if one.kind == "unit"] == ["MK-CN", "MK-CS", "MK-INTL"]
    with Reader(settings) as reader:
        found = Counter(gap["severity"] for gap in reader.gaps(meeting="market-2027q1", now=now(settings)))
    assert done.gaps == found
    assert found["critical"] == 1
    mails = [name for name in done.files if name.startswith("mails/")]
    assert len(mails) == 5
    assert sum(name.startswith("mails/pack-lilei") for name in mails) == 1
    for name in done.files:
        assert (done.folder / name).is_file()


def test_mails_that_cannot_be_written_leave_the_pack(settings, monkeypatch):
    from okr.pipeline import mails

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mails, "write_eml", full)
    with pytest.raises(RunError) as failed:
        prepare(settings, "market-2027q1", scheduled=True, who="t", report=Listing())
    assert failed.value.code == "pack_disk_full"


MAIL = """
[mail]
enabled = true
host = "127.0.0.1"
port = {port}
security = "none"
sender = "okr@example.com"
"""


@pytest.mark.server
def test_the_pack_goes_to_hrbps_and_the_leaders_copy_to_the_leader_alone(tmp_path):
    with mail_server() as server:
        known = handshake.write(tmp_path, handshake.SETTINGS + MAIL.format(port=server.port))
        first = prepare(known, "market", who="t", report=Listing())
        assert first.exit_status == 1  # nobody has seen yet what would be sent
        assert first.delivered.error.code == "mail_plan_first"
        assert server.got == []
        with Ledger.of(known) as ledger:
            ledger.plan_shown("shown", now(known), "t", ["mail"])
        done = prepare(known, "market", who="t", report=Listing())
        assert done.delivered.sent == len(server.got)
        attached = {(address, part.get_filename()) for address, mail in server.got for part in mail.iter_attachments()}
    assert {address for address, name in attached if name == leader_name("market")} == {"p2@example.com"}
    for name in (page_name("market"), meeting_name("market")):
        assert {address for address, found in attached if found == name} == {"hr@example.com"}
    assert {name for _, name in attached} == {leader_name("market"), page_name("market"), meeting_name("market")}
    assert not (done.folder / "mails").exists()


@pytest.mark.server
def test_the_command_says_which_mails_did_not_get_through_and_when_there_is_nothing_new(tmp_path):
    with mail_server() as server:
        known = handshake.write(tmp_path, handshake.SETTINGS + MAIL.format(port=server.port))
        rehearsed = call(tmp_path, "prepare", "market", "--dry-run", "--lang", "en")
        assert "as .eml, to look at" in rehearsed.stdout, "what would be sent by itself is not to be sent by hand"
        with Ledger.of(known) as ledger:
            ledger.plan_shown("shown", now(known), "t", ["mail"])
        server.whims.refused = {"hr@example.com": "550 5.1.1 no such user"}
        server.whims.lost_after_data = {"p2@example.com"}
        done = call(tmp_path, "prepare", "market", "--lang", "en")
        assert "✗ hr@example.com, pack: refused." in done.stdout
        assert "? p2@example.com" in done.stdout
        assert "550 5.1.1 no such user" in done.stdout
        server.whims.refused = {}
        call(tmp_path, "prepare", "market", "--lang", "en")
        again = call(tmp_path, "prepare", "market", "--lang", "en")
    assert "nobody has to be told anything new" in again.stdout


@pytest.mark.server
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
@pytest.mark.parametrize("long", [False, True])
def test_the_page_prints_on_one_sheet(tmp_path, long):
    """Also where there is much to say, and names are as long as names get."""
    if long:
        known = handshake.write(tmp_path)
        units = tmp_path / "planning" / "org_units.csv"
        units.write_text(
            units.read_text("utf-8").replace("-Platform", "平台" * 60).replace("+South", "south-" * 30), "utf-8"
        )
    else:
        known = handshake.write(tmp_path)
    pipeline.sync(known, report=Listing())
    done = prepare(known, "market", scheduled=True, who="t", report=Listing())
    paper = tmp_path / "page.pdf"
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={paper}",
         f"--user-data-dir={tmp_path / 'browser'}", (done.folder / page_name("market")).as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) == 1
