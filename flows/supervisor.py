"""What `okr serve` runs on one machine: Prefect's server, the process of our flows, and our pages.

Three processes, each in a group of its own with a log of its own. Where one of them ends, all do; when this
process ends, by whatever, they end too.
"""

from __future__ import annotations

import base64
import errno
import http.client
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from flows.children import Child
from flows.home import LOOPBACK, Home
from flows.naming import SERVED
from okr.errors import CallError, RunError
from okr.publish.door.place import refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from okr.report import Report
    from okr.settings import Settings

STARTS_WITHIN = 180  # seconds; twelve on a quiet machine
ENDS_WITHIN = 5.0  # of the flows and the pages, then of the server; the command line waits ten for all


@dataclass
class Served:
    """What is up."""

    home: Home
    children: list[Child] = field(default_factory=list)

    def watch(self) -> None:
        """Wait until one of the processes ends, which none should.

        Raises:
            RunError: `serve_ended`, with the process, its log and its last words.
        """
        while True:
            self.look()
            time.sleep(0.5)

    def look(self) -> None:
        """Make sure that all are there.

        Raises:
            RunError: `serve_ended`.
        """
        for child in self.children:
            if child.ended():
                raise RunError("serve_ended", part=child.name, log=str(child.log), said=child.last_words())


@contextmanager
def serving(settings: Settings, report: Report) -> Iterator[Served]:
    """Start all, wait until they answer, and end them at the end of the block.

    Raises:
        CallError: the settings ask for what is not safe; a port is taken; `okr serve` runs here already.
        RunError: one of the processes did not start.
    """
    refuse_unsafe(settings)
    home = Home.of(settings)
    alone = FileLock(home.folder / "serve.lock", mode=0o600)
    try:
        alone.acquire(timeout=0)
    except Timeout:
        raise CallError("serve_running", folder=str(home.folder)) from None
    served = Served(home)
    try:
        _refuse_taken(LOOPBACK, home.port, "web.prefect_port", settings)
        _refuse_taken(settings.web.address, settings.web.port, "web.port", settings)
        _start(settings, served, report)
        yield served
    finally:
        _end(served)
        alone.release()


def _start(settings: Settings, served: Served, report: Report) -> None:
    home, file = served.home, str(settings.file)
    report.stage("serve_prefect")
    served.children.append(
        Child.start("prefect", "flows.serving", ["server"], env=home.server(), log=home.log("prefect"), umask=0o077)
    )
    _wait(served, lambda: _answers(home.port, "/api/health", home.auth))
    report.stage("serve_flows")
    client = home.client()
    served.children.append(Child.start("flows", "flows.serving", ["flows", file], env=client, log=home.log("flows")))
    served.children.append(Child.start("web", "okr.web", [file], env=client, log=home.log("web")))
    _wait(served, lambda: _listens(settings.web.address, settings.web.port))
    paths = [f"/api/deployments/name/{name}/{name}" for name in SERVED]
    _wait(served, lambda: all(_answers(home.port, path, home.auth) for path in paths))


def _end(served: Served) -> None:
    """End all in order: the server last, so that it learns how the runs ended."""
    inner = served.children[1:]
    for child in inner:
        child.ask_to_end()
    until = time.monotonic() + ENDS_WITHIN
    for child in inner:
        child.end(until - time.monotonic())
    for child in served.children[:1]:
        child.ask_to_end()
        child.end(ENDS_WITHIN / 2)


def _wait(served: Served, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not ready():
        served.look()
        if time.monotonic() > until:
            last = served.children[-1]
            raise RunError("serve_not_up", part=last.name, log=str(last.log), said=last.last_words())
        time.sleep(0.2)


def _answers(port: int, path: str, auth: str) -> bool:
    """Whether Prefect's server says yes; its health it tells everybody, and before that nobody gets the auth string."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        headers = {} if path.endswith("/health") else {"Authorization": _basic(auth)}
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _basic(auth: str) -> str:
    return "Basic " + base64.b64encode(auth.encode()).decode()


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((_near(address), port), timeout=2):
            return True
    except OSError:
        return False


def _near(address: str) -> str:
    """How this machine reaches what listens on all of its addresses."""
    return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(address, address.strip("[]"))  # noqa: S104 - it is looked up, not bound


def _refuse_taken(address: str, port: int, key: str, settings: Settings) -> None:
    """Make sure that nobody listens there yet, and that the address is this machine's.

    Raises:
        CallError: `serve_port_taken`, `serve_address_wrong`.
    """
    try:
        found = socket.getaddrinfo(address.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(found[0], found[1]) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(found[4])
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise CallError(
                "serve_port_taken", file=str(settings.file), key=key, port=port, address=address, reason=error.strerror
            ) from None
        raise CallError("serve_address_wrong", file=str(settings.file), address=address, reason=str(error)) from None
