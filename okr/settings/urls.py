"""Database addresses: no password in them, and SQLite's files found from the settings' folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

# As SQLAlchemy reads an address: the user ends at the first colon, the password at the last @ sign.
USER_AND_PASSWORD = re.compile(r"[\w.+-]+://[^:/]*:[^@]+@")
SQLITE = re.compile(r"(sqlite(?:\+\w+)?)://(/?)([^?]*)(\?.*)?", re.DOTALL)
ADDRESS = re.compile(r"[A-Za-z][\w.+-]*://.+", re.DOTALL)
PASSWORD_PARAMETERS = {"password", "passwd", "pwd", "passwort", "sslpassword"}


def holds_password(url: str) -> bool:
    """Whether a password stands in the URL: before its host or among its parameters."""
    if USER_AND_PASSWORD.match(url):
        return True
    _, _, query = url.partition("?")
    return any(name.lower() in PASSWORD_PARAMETERS for name, _ in parse_qsl(query))


def absolute_url(url: str, folder: Path) -> str:
    """A database URL in which a SQLite file's path is absolute.

    Args:
        url: `sqlite:///relative.sqlite`, `sqlite:////absolute.sqlite` or any other database's URL.
        folder: what a relative path is relative to.

    Raises:
        ValueError: it is no database URL, or names a SQLite database in memory, which would hold
            nothing for the next command.
    """
    found = SQLITE.fullmatch(url)
    if found is None:
        if not ADDRESS.fullmatch(url) or url.startswith("sqlite"):
            raise ValueError(url)
        return url
    dialect, slash, path, query = found.groups()
    if path.startswith("file:"):
        return url
    if not slash or not path or path == ":memory:":
        raise ValueError(url)
    there = os.path.normpath(folder / Path(os.path.expanduser(unquote(path))))  # noqa: PTH111
    return sqlite_url(Path(there), dialect) + (query or "")


def sqlite_url(path: Path, dialect: str = "sqlite") -> str:
    """The URL of a SQLite file; what means something in a URL is written as %XX."""
    return f"{dialect}:///{str(path).replace('%', '%25').replace('?', '%3F')}"


def database_url(url: str) -> URL:
    """A database URL as SQLAlchemy takes it; a SQLite file's path may hold what means something in a URL.

    `postgresql://` means psycopg 3, which we bring.

    Raises:
        sqlalchemy.exc.ArgumentError: it is no database URL.
    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - settings are read without SQLAlchemy

    found = SQLITE.fullmatch(url)
    if found is not None and found[2] and found[3] and not found[3].startswith("file:"):
        dialect, _, path, query = found.groups()
        return make_url(f"{dialect}://{query or ''}").set(database=unquote(path))
    made = make_url(url)
    return made.set(drivername="postgresql+psycopg") if made.drivername == "postgresql" else made
