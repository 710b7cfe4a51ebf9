"""`okr serve`: the schedules and the pages, on one machine. `okr login-link`: a link that signs somebody in."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from okr.cli import rooms, tables
from okr.cli.options import Common
from okr.cli.progress import reporting
from okr.cli.speech import putting_out, say, tell
from okr.errors import CallError

if TYPE_CHECKING:
    from flows.supervisor import Served
    from okr.publish.door import Keys
    from okr.settings import Settings


def serve(*, common: Common = Common()) -> int:  # noqa: B008 - frozen
    """Run Prefect with our schedules, and our pages, until a signal comes."""
    from contextlib import ExitStack  # noqa: PLC0415

    from flows.supervisor import serving  # noqa: PLC0415

    with ExitStack() as up:
        with reporting() as report:
            report.stage("settings")
            known = rooms.settings(common.config)
            served = up.enter_context(serving(known, report))
        _announce(known, served)
        served.watch()
    return 0


def login_link(address: str | None = None, /, *, common: Common = Common()) -> int:  # noqa: B008 - frozen
    """Make a link that signs somebody in to the pages, once."""
    from okr.publish.door import CONSOLE, LINK_LASTS  # noqa: PLC0415

    known = rooms.settings(common.config)
    whose = CONSOLE if address is None else _named(known, address)
    link = _link(known, _keys(known), whose)
    with putting_out():
        sys.stdout.write(f"{link}\n")
        sys.stdout.flush()
    who = whose or say("cli.login-link.ops")
    tell(say("cli.login-link.lasts", who=who, minutes=int(LINK_LASTS.total_seconds() // 60)))
    return 0


def _announce(known: Settings, served: Served) -> None:
    from okr.publish.door import CONSOLE, LINK_LASTS  # noqa: PLC0415
    from okr.publish.door.place import place  # noqa: PLC0415

    minutes = int(LINK_LASTS.total_seconds() // 60)
    keys = _keys(known)  # made here, where there is none
    link = [say("cli.serve.link", link=_link(known, keys, CONSOLE)), say("cli.serve.link_lasts", minutes=minutes)]
    if _to_the_journal():  # it keeps what is printed, and what signs in stands in no log
        link = [say("cli.serve.no_link")]
    cron = {"nightly": known.schedule.nightly, "deliver": known.schedule.deliver}
    lines = [
        say("cli.serve.pages", url=place(known)),
        *link,
        say("cli.serve.prefect", url=served.home.url, file=served.home.folder / "auth"),
        say("cli.serve.schedule", **cron, zone=known.timezone),
        *([] if known.mail.enabled else [say("cli.serve.mail_off")]),
        say("cli.serve.up"),
    ]
    for told in lines:
        tables.line(told)
    sys.stdout.flush()


def _to_the_journal() -> bool:
    """Whether standard output is systemd's journal; a terminal that a desktop started has inherited the name alone."""
    try:
        out = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{out.st_dev}:{out.st_ino}"


def _keys(known: Settings) -> Keys:
    from flows.home import block_of  # noqa: PLC0415
    from okr.publish.door import Keys  # noqa: PLC0415

    return Keys.of(known, block=block_of(known))


def _link(known: Settings, keys: Keys, address: str) -> str:
    from okr.publish.door.place import place  # noqa: PLC0415

    return f"{place(known)}/sign-in/{keys.link(address)}"


def _named(known: Settings, address: str) -> str:
    """The address as settings or meetings write it.

    Raises:
        CallError: `login_address_unknown`, with the nearest that may come in; `login_address_empty`: a script whose
            variable was empty would else hand out a link for ops.
    """
    from okr.publish.door import Register  # noqa: PLC0415
    from okr.reconcile.likeness import nearest  # noqa: PLC0415

    if not address.strip():
        raise CallError("login_address_empty")
    try:
        register = Register.of(known, now=rooms.now(known))
    except CallError as error:
        if error.code != "no_warehouse":
            raise
        register = Register(known.ops.emails)
    visitor = register.visitor(address)
    if visitor is None:
        near = nearest([address], register.addresses(), always=True).get(address)
        raise CallError("login_address_unknown", address=address, nearest=near)
    return visitor.address
