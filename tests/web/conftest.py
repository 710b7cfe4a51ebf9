"""The pages of a small enterprise: two meetings, their HRBPs and leaders, and a pack of each."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from connectors.naming import safe_name
from okr import pipeline
from okr.settings import load
from okr.web.app import application
from okr.web.house import House

SETTINGS = """\
period = "2026Q4"
timezone = "Asia/Shanghai"
language = "en"
now = 2026-11-20T08:00:00+08:00

[warehouse]
path = "warehouse.duckdb"

[sources.planning]
kind = "tables"
path = "planning"

[ops]
emails = ["Ops@example.com"]

[meetings.market]
unit = "Market"
period = "2026Q4"
starts_at = 2026-12-18T09:30:00+08:00
title = "Handshake of Market"
hrbp = ["p7", "outside@example.com", "p9"]

[meetings."supply/../x"]
unit = "Supply"
period = "2026Q4"
starts_at = 2026-12-19T09:30:00+08:00
title = "供应链 <b>握手会</b>"
hrbp = ["Hal"]
"""

TABLES = {
    "org_units": """\
unit_id,name,parent_id,leader_id
C,Company,,p1
M,Market,C,p2
M1,North,M,p3
M2,South,M,p4
S,Supply,C,p5
S1,Plant,S,p6
""",
    "people": """\
person_id,name,unit_id,email,aliases,locale,active
p1,Ada,C,ada@example.com,,,
p2,Bo,M,bo@example.com,,,
p3,Cy,M1,cy@example.com,,,
p4,Di,M2,di@example.com,,,
p5,Ed,S,ed@example.com,,,
p6,Flo,S1,flo@example.com,,,
p7,李雷,C,lilei@example.com,E0007;lilei,zh,
p8,Hal,C,hal@example.com,,en,
p9,Gone,C,gone@example.com,,,false
""",
    "periods": """\
period_id,name,starts_on,ends_on
2026Q4,2026Q4,2026-10-01,2026-12-31
""",
    "objectives": """\
objective_id,unit_id,period_id,title,owner_ids
O1,M,2026Q4,Be where customers are,p2
O2,M1,2026Q4,Find places,p3
O3,S,2026Q4,Deliver in time,p5
""",
    "key_results": """\
kr_id,objective_id,title,owner_ids,due_on,target
K1,O1,Open 12 shops,p2,2026-12-20,12
K2,O2,Find 12 places,p3,2026-12-10,12
K3,O3,Deliver 95%,p5,2026-12-10,95
""",
    "handshakes": """\
handshake_id,kr_id,party,point,needed_by,response
H1,K2,M2,two people for a week,2026-12-01,
""",
}


@dataclass
class Step:
    name: str
    state: str
    started: datetime | None = None
    ended: datetime | None = None


@dataclass
class Known:
    """A run as `flows.orders` tells of it."""

    order_id: str
    meeting_id: str | None
    state: str = "running"
    flow: str = "pre-handshake"
    message: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    scheduled: bool = False
    asked: datetime | None = datetime(2026, 11, 20, tzinfo=UTC)
    started: datetime | None = datetime(2026, 11, 20, tzinfo=UTC)
    ended: datetime | None = None
    stages: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.state not in {"waiting", "running"}


class Desk:
    """Stands in for Prefect: remembers what was started."""

    def __init__(self) -> None:
        self.runs: list[Known] = []
        self.started: list[dict[str, Any]] = []

    def start(self, meeting_id: str, **how: Any) -> str:
        self.started.append({"meeting_id": meeting_id, **how})
        self.runs.insert(0, Known(f"run{len(self.started)}", meeting_id, parameters={"rehearsal": how["rehearsal"]}))
        return self.runs[0].order_id

    def latest(self) -> list[Known]:
        return self.runs

    def watch(self, order_id: str) -> Known | None:
        return next((run for run in self.runs if run.order_id == order_id), None)


class Quiet:
    def stage(self, *_: object, **__: object) -> None: ...

    def advance(self, *_: object) -> None: ...

    def note(self, *_: object, **__: object) -> None: ...


@dataclass
class Pages:
    """The pages, and browsers that look at them."""

    house: House
    desk: Desk
    origin: str = "http://127.0.0.1:8620"

    def browser(self, peer: str = "203.0.113.7", **headers: str) -> TestClient:
        client = TestClient(application(self.house), base_url=self.origin, client=(peer, 5000), follow_redirects=False)
        client.headers |= {"accept-language": "en", **headers}
        return client

    def link(self, address: str) -> str:
        return f"/sign-in/{self.house.keys.link(address)}"

    def signed_in(self, address: str) -> TestClient:
        client = self.browser()
        answer = client.post(self.link(address), headers={"origin": self.origin})
        assert answer.status_code == 303, answer.text
        return client

    def post(self, client: TestClient, path: str, **fields: str):
        """Sends a form as a page of the browser's visit would: with its mark, from our origin."""
        page = client.get(f"/meetings/{path.split('/')[2]}" if path.startswith("/meetings/") else "/").text
        mark = page.split('name="mark" value="')[1].split('"')[0]
        return client.post(path, data={"mark": mark, **fields}, headers={"origin": self.origin})


def key(meeting_id: str) -> str:
    return safe_name(meeting_id)


def write(folder, settings: str = SETTINGS):
    planning = folder / "planning"
    planning.mkdir(parents=True, exist_ok=True)
    for name, content in TABLES.items():
        (planning / f"{name}.csv").write_text(content, encoding="utf-8")
    file = folder / "okr.toml"
    file.write_text(settings, encoding="utf-8")
    return file


def make_pack(folder, meeting_id: str, run: str = "20261120T000000Z-abc"):
    """A pack as `okr.publish.pack` leaves one: files of every kind, and mails in a folder of their own."""
    pack = folder / "packs" / key(meeting_id) / run
    (pack / "mails").mkdir(parents=True)
    files = [
        {"name": f"readiness-{key(meeting_id)}.html", "kind": "page", "unit_id": "M"},
        {"name": f"meeting-{key(meeting_id)}.xlsx", "kind": "meeting", "unit_id": "M"},
        {"name": f"unit-{key('M1')}.xlsx", "kind": "unit", "unit_id": "M1"},
        {"name": f"leader-{key(meeting_id)}.xlsx", "kind": "leader", "unit_id": "M"},
    ]
    for file in files:
        (pack / file["name"]).write_text(f"{file['kind']} of {meeting_id}", encoding="utf-8")
    (pack / "mails" / "1.eml").write_text("to one person", encoding="utf-8")
    (pack / "pack.json").write_text(json.dumps({"meeting_id": meeting_id, "files": files}), encoding="utf-8")
    (pack.parent / "latest").unlink(missing_ok=True)
    (pack.parent / "latest").symlink_to(run)
    return pack


@pytest.fixture(scope="session")
def enterprise(tmp_path_factory):
    """Written and run once: the pages only read it."""
    folder = tmp_path_factory.mktemp("pages")
    settings = load(write(folder))
    pipeline.sync(settings, report=Quiet())
    make_pack(folder, "market")
    make_pack(folder, "supply/../x")
    return folder


@pytest.fixture(scope="session")
def known():
    """The door's list by settings: built once for each."""
    return {}


@pytest.fixture
def open_pages(enterprise, tmp_path, known):
    """Opens the pages with settings of the test's own over the state of the session."""

    def opening(settings: str = SETTINGS, origin: str = "http://127.0.0.1:8620") -> Pages:
        text = settings.replace('path = "warehouse.duckdb"', f'path = "{enterprise}/warehouse.duckdb"')
        text = f'{text}\n[packs]\npath = "{enterprise}/packs"\n'
        file = tmp_path / "okr.toml"
        file.write_text(text, encoding="utf-8")
        desk = Desk()
        pages = Pages(stack.enter_context(House.open(load(file), desk)), desk, origin)
        pages.house._kept = known.get(text)  # the state is the same for all tests
        stack.callback(lambda: known.setdefault(text, pages.house._kept))
        return pages

    with ExitStack() as stack:
        yield opening


@pytest.fixture
def pages(open_pages):
    return open_pages()
