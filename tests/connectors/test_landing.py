"""The landing: only ever whole deliveries, whoever is killed, and when."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import stat
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from connectors import landed
from connectors.landing import Landing
from connectors.protocol import REFERENCES, Delivery, Failure, Refusal
from okr.errors import RunError, SourceError
from okr.report import Listing

AT = datetime(2026, 12, 11, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def delivery(rows: int = 2, **changes) -> Delivery:
    frame = pl.DataFrame({"unit_id": [f"u{i}" for i in range(rows)]}).with_columns(
        pl.lit("t:1").alias("place"), scope=pl.lit("org_units"), part=pl.lit("org_units")
    )
    said = {
        "source": "hr",
        "frames": {"org_units": frame},
        "holds": {"org_units": {"org_units": ("unit_id",)}},
        "whole": True,
        "scopes": ("org_units",),
    }
    return Delivery(**{**said, **changes})


class Source:
    """A source that says what a test lets it say."""

    kind = "tables"

    def __init__(self, *says, name="hr", wait=None):
        self.name = name
        self.says = list(says)
        self.pulls = 0
        self.wait = wait

    def pull(self, report):
        self.pulls += 1
        if self.wait:
            self.wait()
        said = self.says.pop(0) if self.says else delivery()
        if isinstance(said, Exception):
            raise said
        return said

    def check(self):
        return ()


@pytest.fixture
def landing(tmp_path):
    return Landing(tmp_path / "landing")


def test_everything_of_a_delivery_comes_back(landing):
    references = pl.DataFrame(
        [["book", "s", "objectives", "r1", "owner_ids", 0, "person", ["a", "b"], "B2", 0.5]],
        schema=REFERENCES,
        orient="row",
    )
    said = delivery(
        whole=False,
        failures=(Failure("people", "sql_timeout", {"reason": "slow"}),),
        refusals=(Refusal("org_units", "t:2", "ragged_row", values={"found": 1}, whole=True),),
        notices=(("unknown_table_file", {"file": "x.csv"}),),
        references=references,
        finer_links=False,
        memo={"mark": "2026-01-01"},
    )
    ref = landing.pull(Source(said), Listing(), AT)
    back = landing.read(landing.latest("hr"))
    assert ref.delivered_at == AT
    for name in ("whole", "failures", "refusals", "notices", "finer_links", "memo", "holds"):
        assert getattr(back, name) == getattr(said, name)
    assert back.references.equals(references)
    assert back.frames["org_units"].equals(said.frames["org_units"])
    with pytest.raises(KeyError):
        back.frames["people"]


def test_it_is_for_the_owner_alone(landing):
    landing.pull(Source(), Listing(), AT)
    for path in (landing.path, *landing.path.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_ids_sort_by_pull_also_where_the_clock_stands_or_goes_back(landing):
    source = Source(delivery(1), delivery(2), delivery(3), delivery(4))
    refs = [landing.pull(source, Listing(), at) for at in (AT, AT, AT - DAY, AT + DAY)]
    ids = [ref.delivery_id for ref in refs]
    assert ids == sorted(ids)
    assert [ref.delivery_id for ref in landing.deliveries("hr")] == ids[::-1]
    assert landing.find("hr", ids[2]).delivered_at == AT - DAY
    assert landing.find("hr", "../other") is None


def test_what_did_not_change_is_kept_once(landing):
    source = Source()
    first, second = (landing.pull(source, Listing(), AT + n * DAY) for n in range(2))
    assert first.manifest.content_hash == second.manifest.content_hash
    assert (first.folder / "org_units.parquet").samefile(second.folder / "org_units.parquet")


def test_names_are_no_paths(landing):
    landing.pull(Source(name="../../市场"), Listing(), AT)
    assert [path.name[:2] for path in landing.path.iterdir()] == ["市场"]
    assert landing.latest("../../市场").source == "../../市场"
    assert landing.latest("市场") is None


def test_a_failed_pull_leaves_a_record_and_the_last_good_delivery(landing):
    source = Source(
        delivery(),
        SourceError("sql_timeout", reason="a"),
        SourceError("sql_locked", path=Path("x")),
    )
    good = landing.pull(source, Listing(), AT)
    for days in (1, 2):
        with pytest.raises(SourceError):
            landing.pull(source, Listing(), AT + days * DAY)
    assert landing.latest("hr").delivery_id == good.delivery_id
    failures = landing.failures("hr")
    assert [(f.failed_at, f.code) for f in failures] == [
        (AT + DAY, "sql_timeout"),
        (AT + 2 * DAY, "sql_locked"),
    ]
    assert failures[1].values == {"path": "x"}
    landing.pull(source, Listing(), AT + 3 * DAY)
    assert landing.failures("hr") == []


def test_a_fault_of_ours_leaves_nothing(landing):
    with pytest.raises(ZeroDivisionError):
        landing.pull(Source(ZeroDivisionError()), Listing(), AT)
    assert landing.latest("hr") is None
    assert landing.failures("hr") == []
    assert not list(landing.path.rglob(".tmp-*"))


def test_the_second_of_two_pulls_takes_the_first_ones_delivery(landing):
    started, go = threading.Event(), threading.Event()

    def wait():
        started.set()
        assert go.wait(10)

    source, got, report = Source(wait=wait), [], Listing()
    threads = [
        threading.Thread(target=lambda r=r: got.append(landing.pull(source, r, AT))) for r in (Listing(), report)
    ]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    while not report.notes:
        time.sleep(0.01)
    go.set()
    for thread in threads:
        thread.join(10)
    assert source.pulls == 1
    assert got[0].delivery_id == got[1].delivery_id
    assert report.notes == [("waiting_for_pull", {"source": "hr"})]


def test_the_second_of_two_pulls_takes_the_first_ones_failure_too(landing):
    started, go = threading.Event(), threading.Event()

    def wait():
        started.set()
        assert go.wait(10)

    source = Source(SourceError("sql_timeout", reason="x"), wait=wait)
    got, report = [], Listing()

    def pull(told):
        try:
            landing.pull(source, told, AT)
        except SourceError as error:
            got.append((error.code, error.values))

    threads = [threading.Thread(target=pull, args=(r,)) for r in (Listing(), report)]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    while not report.notes:
        time.sleep(0.01)
    go.set()
    for thread in threads:
        thread.join(10)
    assert got == [("sql_timeout", {"reason": "x"})] * 2


def test_where_the_first_of_two_pulls_dies_the_second_pulls_itself(landing):
    process = multiprocessing.get_context("spawn").Process(target=_hang, args=(landing.path,))
    process.start()
    while not list(landing.path.glob("*/hanging")):
        time.sleep(0.02)
    got, report = [], Listing()
    thread = threading.Thread(target=lambda: got.append(landing.pull(Source(), report, AT)))
    thread.start()
    while not report.notes:
        time.sleep(0.01)
    process.kill()
    thread.join(10)
    process.join(10)
    assert got[0].delivery_id == landing.latest("hr").delivery_id


def _hang(path: Path) -> None:
    landing = Landing(path)

    def wait():
        (landing._folder("hr") / "hanging").touch()
        time.sleep(60)

    landing.pull(Source(wait=wait), Listing(), AT)


@pytest.mark.slow
def test_whoever_is_killed_whenever_only_whole_deliveries_are_seen(landing):
    context = multiprocessing.get_context("spawn")
    chance = random.Random(7)
    seen = 0
    for _ in range(12):
        begun = context.Event()
        process = context.Process(target=_pull_for_ever, args=(landing.path, begun))
        process.start()
        assert begun.wait(30)
        stop = time.monotonic() + chance.random() * 0.4
        while time.monotonic() < stop:
            ref = landing.latest("hr")
            if ref is not None:
                frame = landing.read_table(ref, "org_units")
                assert frame.height == frame["unit_id"].n_unique() == ref.manifest.memo["rows"]
                seen += 1
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        ids = [ref.delivery_id for ref in landing.deliveries("hr")]
        assert ids == sorted(ids, reverse=True)
    assert seen
    landing.pull(Source(), Listing(), AT)
    assert not list(landing.path.rglob(".tmp-*"))


def _pull_for_ever(path: Path, begun) -> None:
    landing, rows = Landing(path), 0
    begun.set()
    while True:
        rows = (rows * 7 + 11) % 5000
        landing.pull(Source(delivery(rows, memo={"rows": rows})), Listing(), AT)


def test_a_delivery_that_lost_a_file_is_none(landing):
    first = landing.pull(Source(delivery(1)), Listing(), AT)
    second = landing.pull(Source(delivery(2)), Listing(), AT)
    with (second.folder / "org_units.parquet").open("ab") as file:
        file.truncate(3)
    assert landing.latest("hr").delivery_id == first.delivery_id
    with pytest.raises(SourceError) as caught:
        landing.read_table(second, "org_units")
    assert caught.value.code == "delivery_damaged"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "landing").write_text("a file")
    with pytest.raises(RunError) as caught:
        Landing(tmp_path / "landing").pull(Source(), Listing(), AT)
    assert caught.value.code == "landing_unwritable"
    assert str(tmp_path) in str(caught.value.values["folder"])


def test_a_full_disk_leaves_the_last_good_delivery(landing, monkeypatch):
    good = landing.pull(Source(), Listing(), AT)

    def full(path, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("connectors.landing.write_json", full)
        with pytest.raises(RunError) as caught:
            landing.pull(Source(delivery(5)), Listing(), AT + DAY)
    assert caught.value.values["reason"] == "No space left on device"
    assert landing.latest("hr").delivery_id == good.delivery_id
    assert not list(landing.path.rglob(".tmp-*"))


def test_pruning_leaves_what_still_stands_in(tmp_path):
    landing = Landing(tmp_path / "landing", SimpleNamespace(sources={"hr": None}))
    says = [
        delivery(1),
        delivery(2, whole=False, scopes=("a", "b")),
        delivery(3, whole=False, scopes=("a",)),
        SourceError("sql_timeout"),
        delivery(4, whole=False, scopes=("a",)),
    ]
    source, refs = Source(*says), []
    for days in range(5):
        try:
            refs.append(landing.pull(source, Listing(), AT + days * DAY))
        except SourceError:
            continue
    landing.pull(Source(name="gone"), Listing(), AT)
    assert landing.prune(AT + 100 * DAY) == 2
    kept = [ref.delivery_id for ref in landing.deliveries("hr")]
    # The newest says a, the second says b, the first everything else.
    assert kept == [refs[i].delivery_id for i in (3, 1, 0)]
    assert landing.latest("gone") is None
    assert not list(landing.path.rglob("*failed.json"))


def test_nothing_young_is_pruned(landing):
    for days in range(3):
        landing.pull(Source(), Listing(), AT + days * DAY)
    assert landing.prune(AT + DAY) == 1
    assert Landing(landing.path / "nowhere").prune(AT) == 0


def test_a_table_is_let_go_of_before_the_next_is_read(landing):
    """A connector that delivers in pieces never has two tables at once."""
    alive = []

    class Pieces(Source):
        def pieces(self, report, previous):
            for table in ("org_units", "people"):
                alive.append(table)
                yield delivery(frames={table: delivery().frames["org_units"]}, scopes=(table,))
                assert (landing._folder("hr") / "lock").exists()

    ref = landing.pull(Pieces(), Listing(), AT)
    assert ref.tables == ("org_units", "people")
    assert ref.manifest.scopes == ("org_units", "people")


def test_unequal_content_has_another_hash():
    said = {"whole": True, "memo": {"a": 1}, "notices": []}
    assert landed.content_hash(said) == landed.content_hash({**said, "memo": {}})
    assert landed.content_hash(said) != landed.content_hash({**said, "whole": False})
