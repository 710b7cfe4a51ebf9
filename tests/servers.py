"""Private database servers and other programs for tests: in a temporary folder, gone afterwards.

Use the fixture `postgresql` (see `tests/connectors/test_sql_servers.py`) or the context managers.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Server:
    """A running server: its administrator's password is known, and nothing is in it."""

    kind: str
    port: int
    user: str
    password: str
    database: str

    def url(self, driver: str = "psycopg", *, user: str | None = None) -> str:
        """A SQLAlchemy URL, without the password."""
        return f"{self.kind}+{driver}://{user or self.user}@127.0.0.1:{self.port}/{self.database}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def unavailable(reason: str):
    """Skip, unless the caller wants every server to be there."""
    if os.environ.get("OKR_TESTS_REQUIRE_SERVERS") == "1":
        pytest.fail(f"nothing may be left out here: {reason}")
    pytest.skip(reason)


def _binary(name: str, *folders: str) -> Path | None:
    found = shutil.which(name)
    if found:
        return Path(found)
    paths = sorted((path for folder in folders for path in Path("/").glob(folder)), reverse=True)
    return next((path / name for path in paths if (path / name).exists()), None)


@contextmanager
def _folder(user: str | None = None) -> Iterator[Path]:
    """A folder of that user's own, at a path short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="okr-server-"))
    try:
        if user and os.geteuid() == 0:
            shutil.chown(path, user)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _as(user: str) -> list[str]:
    """What stands before a command so that it runs as that user; servers refuse to run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("runuser"):
        return ["runuser", "-u", user, "--"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]


def _run(*command: object, env: dict[str, str] | None = None) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, cwd="/", check=False, env=env)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def _known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL of our own, from the system's programs."""
    initdb = _binary("initdb", "usr/lib/postgresql/*/bin", "usr/local/pgsql/bin", "opt/*/bin")
    if initdb is None:
        unavailable("no PostgreSQL programs on this machine (apt install postgresql)")
    if os.geteuid() == 0 and not _known("postgres"):
        unavailable("PostgreSQL does not run as root, and there is no user postgres")
    with _folder("postgres") as folder:
        data, secret = folder / "data", folder / "password"
        secret.write_text("gehe1m:p@ss/%")
        if os.geteuid() == 0:
            shutil.chown(secret, "postgres")
        run = _as("postgres")
        login = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}"]
        _run(*run, initdb, "-D", data, *login, "-E", "UTF8", "--locale=C", "-N")
        port = free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [*run, initdb.parent / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        _run(*control, "-o", options, "start")
        try:
            yield Server("postgresql", port, "postgres", secret.read_text(), "postgres")
        finally:
            _run(*control, "-m", "immediate", "stop")


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB of our own, from the system's programs.

    OKR_TESTS_MARIADB names the `usr` folder of an unpacked package, where none can be installed.
    """
    unpacked = os.environ.get("OKR_TESTS_MARIADB")
    base = Path(unpacked or "/usr")
    server = base / "sbin" / "mariadbd"
    install = base / "bin" / "mariadb-install-db"
    if not server.exists() or not install.exists():
        unavailable("no MariaDB programs on this machine (apt install mariadb-server)")
    # As root it would change to a user of its own, who may not be there.
    plain = ["--no-defaults", f"--basedir={base}"] + ["--user=root"] * (os.geteuid() == 0)
    environment = dict(os.environ)
    if unpacked:
        libraries = ":".join(str(path) for path in (base / "lib").glob("*-linux-*"))
        environment["LD_LIBRARY_PATH"] = libraries
    with _folder() as folder:
        data, port = folder / "data", free_port()
        normal = "--auth-root-authentication-method=normal"
        _run(install, *plain, f"--datadir={data}", "--skip-test-db", normal, env=environment)
        first = folder / "first.sql"
        first.write_text(
            "CREATE DATABASE hr CHARACTER SET utf8mb4;\n"
            "CREATE USER 'admin'@'%' IDENTIFIED BY 'gehe1m:p@ss/%';\n"
            "GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;\n"
        )
        own = [f"--datadir={data}", f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
        network = [f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, *plain, *own, *network, f"--init-file={first}"],
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment,
            )
        try:
            _wait(process, port)
            yield Server("mariadb", port, "admin", "gehe1m:p@ss/%", "hr")
        finally:
            process.kill()
            process.wait(30)


@cache
def _profile() -> tempfile.TemporaryDirectory[str]:
    """A profile of LibreOffice's own for this process: making one takes longer than saving a file."""
    return tempfile.TemporaryDirectory(prefix="okr-soffice-", ignore_cleanup_errors=True)


def soffice(form: str, folder: Path, *files: Path) -> list[Path]:
    """Let LibreOffice open workbooks and save them in a format (`xlsx`, `ods`, `xls`, `csv`, `pdf`) into a folder.

    Returns what it made, by name; as `csv` a file for each sheet.
    """
    program = _binary("soffice", "usr/lib/libreoffice/program", "opt/libreoffice*/program")
    if program is None:
        unavailable("no LibreOffice on this machine (apt install libreoffice-calc)")
    every_sheet = ":Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1" if form == "csv" else ""
    # A profile of its own: another LibreOffice that runs would answer otherwise, and do nothing.
    home = _profile().name
    options = [f"-env:UserInstallation=file://{home}", "--headless", "--norestore", "--nologo"]
    options += ["--convert-to", f"{form}{every_sheet}", "--outdir", str(folder)]
    _run(program, *options, *files, env={**os.environ, "HOME": home})
    return sorted(path for path in folder.iterdir() if path.suffix == f".{form}")


def _wait(process: subprocess.Popen, port: int) -> None:
    """Wait until the server answers; the init file is run before it does."""
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f"the server ended at once, with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server does not answer")
