"""Where our own Prefect lives: a folder beside the settings, with the secrets that keep others out of it.

Whoever reaches Prefect's API can run any command on this machine, and by default any page open in a browser here
may. So the server always asks for an auth string, and answers no pages but its own.
"""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from okr.errors import CallError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from okr.settings import Settings

FOLDER = ".prefect"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Home:
    """Prefect's folder of one enterprise: `auth` for its API, `encryption` for the secrets that it keeps."""

    folder: Path
    auth: str
    encryption: str
    port: int
    days: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Open the folder beside the settings; make it, and the two secrets in it, where they are not there.

        Raises:
            CallError: it cannot be made, read or kept from others.
        """
        folder = settings.folder / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
            auth = _kept(folder / "auth", lambda: f"okr:{secrets.token_urlsafe(32)}")
            encryption = _kept(folder / "encryption", lambda: base64.urlsafe_b64encode(os.urandom(32)).decode())
        except OSError as error:
            raise CallError("output_unwritable", file=str(folder), reason=error.strerror or str(error)) from error
        port = settings.web.prefect_port or (settings.web.port % 65535) + 1
        return cls(folder, auth, encryption, port, settings.retention.days)

    @property
    def url(self) -> str:
        """Where the server stands; its pages are for ops."""
        return f"http://{LOOPBACK}:{self.port}"

    def log(self, name: str) -> Path:
        """The file that a process of ours writes its log to."""
        folder = self.folder / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{name}.log"

    def client(self) -> dict[str, str]:
        """The environment of programs that talk to the server; nothing of another Prefect's is left in it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return inherited | {
            "PREFECT_HOME": str(self.folder),
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_API_AUTH_STRING": self.auth,
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_RUNNER_POLL_FREQUENCY": "2",  # whoever presses a button waits for it
            "DO_NOT_TRACK": "1",
            "PYTHONUTF8": "1",
        }

    def server(self) -> dict[str, str]:
        """The environment of the server itself."""
        return self.client() | {
            "PREFECT_SERVER_API_HOST": LOOPBACK,
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_API_AUTH_STRING": self.auth,
            "PREFECT_SERVER_ENCRYPTION_KEY": self.encryption,
            "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": self.url,
            "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_SERVER_UI_API_URL": f"{self.url}/api",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(self.days * 86400),
        }


def block_of(settings: Settings) -> Callable[[str], str]:
    """Return what reads a Secret block out of our own Prefect, which has to be up."""

    def read(name: str) -> str:
        os.environ.update(Home.of(settings).client())
        from flows.secrets import from_block  # noqa: PLC0415 - Prefect reads its environment at import

        try:
            return from_block(name)
        except (ValueError, LookupError):
            raise
        except Exception as error:
            raise RunError("prefect_silent", reason=type(error).__name__) from error

    return read


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Read a secret's file; make it for the owner alone where it is not there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    found = make()
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(found + "\n")
    return found
