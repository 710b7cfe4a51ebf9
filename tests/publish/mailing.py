"""The small enterprise with mail turned on, as tests of mails use it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr.ledger import Ledger
from okr.pipeline import mails, sync, writes
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import Settings, load, now
from tests.end_to_end import enterprise

if TYPE_CHECKING:
    from okr.pipeline.delivery import Delivered

MEETING = "market-2026q4"
MAIL = """
[mail]
enabled = {enabled}
host = "127.0.0.1"
port = {port}
security = "none"
sender = "okr@example.com"
{more}
"""
PEOPLE = """\
person_id,name,unit_id,email,locale
p1,Ada,C,ada@example.com,en
p2,Bo,M,bo@example.com,en
p3,Cy,M1,cy@example.com,en
p4,狄,M2,di@example.com,zh
"""
LATER = timedelta(hours=1)


class Office:
    """An enterprise whose mails go to a port. `at` is the time of its next run."""

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self.report = Listing()
        self.be(datetime.fromisoformat("2026-11-20T08:00:00+08:00"))
        self.write()

    @staticmethod
    def synced(folder: Path) -> Path:
        """A folder with the enterprise after its first run, to be copied."""
        enterprise.write(folder)
        (folder / "planning" / "people.csv").write_text(PEOPLE, encoding="utf-8")
        (folder / "okr.toml").write_text(enterprise.SETTINGS + 'hrbp = ["Ada"]\n', encoding="utf-8")
        sync(load(folder / "okr.toml"), report=Listing())
        return folder

    def table(self, name: str, old: str, new: str) -> None:
        file = self.folder / "planning" / f"{name}.csv"
        told = file.read_text(encoding="utf-8")
        assert old in told
        file.write_text(told.replace(old, new), encoding="utf-8")

    def be(self, at: datetime) -> None:
        """It is now this time."""
        self.at = at
        self._monkeypatch.setenv("OKR_NOW", at.isoformat())

    def write(
        self, *, port: int = 1, enabled: str = "true", more: str = "", hrbp: str = '"Ada"', rest: str = ""
    ) -> Settings:
        """Write the settings anew."""
        told = enterprise.SETTINGS + f"hrbp = [{hrbp}]\n" + MAIL.format(port=port, enabled=enabled, more=more) + rest
        (self.folder / "okr.toml").write_text(told, encoding="utf-8")
        return self.reload()

    def reload(self) -> Settings:
        """Read the settings anew."""
        self.settings = load(self.folder / "okr.toml")
        return self.settings

    def sync(self) -> None:
        sync(self.settings, report=Listing())

    def queue(self, *, meeting: bool = True, due: timedelta = timedelta(0), **more: Any) -> mails.Queued:
        with Reader(self.settings) as reader, Ledger.of(self.settings) as ledger:
            about = reader.meeting(MEETING, now=self.at) if meeting else None
            return mails.queue_digests(
                self.settings,
                reader,
                ledger,
                at=self.at,
                due_at=self.at + due,
                report=self.report,
                meeting=about,
                **more,
            )

    def pack(self, *, leader: str | None = "p2", **more: Any) -> mails.Queued:
        files = {name: self.folder / name for name in ("page.html", "all.xlsx", "leader.xlsx")}
        for name, file in files.items():
            file.write_text(name)
        with Reader(self.settings) as reader, Ledger.of(self.settings) as ledger:
            return mails.queue_pack(
                self.settings,
                reader,
                ledger,
                at=self.at,
                due_at=self.at,
                meeting=reader.meeting(MEETING, now=self.at),
                page=files["page.html"],
                workbook=files["all.xlsx"],
                leader=(leader, files["leader.xlsx"]) if leader else None,
                report=self.report,
                **more,
            )

    def show_plan(self) -> None:
        """Somebody looks at the plan of mails."""
        shown = writes.plan(self.settings, ["mail"], report=Listing())
        writes.remember(self.settings, shown, ["mail"], "li")

    def deliver(self, **more: Any) -> Delivered:
        return mails.deliver(self.settings, report=self.report, **more)

    def all_sent(self) -> None:
        """Every message that waits has been sent to the one it is for."""
        with Ledger.of(self.settings) as ledger:
            for one in ledger.told(state="waiting"):
                ledger.claim(one.key, self.at)
                ledger.message_event(one.key, "sent", self.at, sent_to=one.recipient)

    def states(self) -> dict[str, str]:
        """What became of each message, by kind and recipient; of several the last."""
        with Ledger.of(self.settings) as ledger:
            return {f"{one.kind} {one.recipient}": one.state for one in ledger.told()}

    def notes(self) -> list[str]:
        return [code for code, _ in self.report.notes]


def recipients(queued: mails.Queued, kind: str = "digest") -> list[str]:
    return sorted(message.recipient.split("@")[0] for message in queued.messages if message.kind == kind)


def text(queued: mails.Queued, name: str, kind: str = "digest") -> str:
    (message,) = [one for one in queued.messages if one.recipient == f"{name}@example.com" and one.kind == kind]
    return message.content["text"]


__all__ = ["LATER", "MEETING", "PEOPLE", "Office", "now", "recipients", "text"]
