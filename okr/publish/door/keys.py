"""Links that sign somebody in, cookies that keep them in, and the marks on forms: all signed by one secret."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from itsdangerous import BadData, URLSafeTimedSerializer

from okr.errors import CallError
from okr.settings import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from okr.settings import Block, Settings

LINK_LASTS = timedelta(minutes=30)
"""A link is good for one sign-in within this time."""

VISIT_LASTS = timedelta(days=7)
"""After this time a cookie opens nothing any more; the door asks anew whom meetings and settings name each time."""

CONSOLE = ""
"""Stands for an address in a link that was made at this machine for whoever runs it: that is ops."""

KEY_FILE = "okr.key"
SHORTEST = 32
"""Characters of a key; `okr init` makes twice as many."""


@dataclass(frozen=True)
class Pass:
    """What a link or a cookie says: whose it is, and the number by which the ledger knows it."""

    address: str
    visit: str


class Keys:
    """Signs and reads what the door hands out. Nothing that it signs is secret, only not to be made by others."""

    def __init__(self, secret: str) -> None:
        """Take the secret: one key, or several on lines of their own; the first signs, all are read."""
        keys = [line.strip() for line in secret.splitlines() if line.strip()]
        # The library signs with the last one.
        self._serializers = {
            purpose: URLSafeTimedSerializer(
                list(reversed(keys)),
                salt=f"okr {purpose}",
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
            for purpose in ("link", "visit", "form")
        }

    @classmethod
    def of(cls, settings: Settings, *, block: Block | None = None) -> Self:
        """Read the secret that `[web] secret` names; without it okr.key beside the settings, made where there is none.

        Raises:
            SettingsError: what the settings name is not there.
            CallError: the key is too short to be one, or its file cannot be read or made.
        """
        if settings.web.secret is not None:
            found, place = resolve(settings.web.secret, block=block), "web.secret"
        else:
            path = settings.folder / KEY_FILE
            found, place = _kept(path), str(path)
        if any(len(line.strip()) < SHORTEST for line in found.splitlines() if line.strip()):
            raise CallError("key_too_short", place=place, shortest=SHORTEST)
        return cls(found)

    def link(self, address: str) -> str:
        """Return what a link to sign in bears; `CONSOLE` for whoever runs this machine."""
        return self._signed("link", {"a": address, "v": secrets.token_urlsafe(18)})

    def read_link(self, token: str) -> Pass | None:
        """Return whose link it is; None where it is not ours or too old. Whether it is spent the ledger knows."""
        return _passed(self._read("link", token, LINK_LASTS))

    def visit(self, given: Pass) -> str:
        """Return what the cookie of a visit bears."""
        return self._signed("visit", {"a": given.address, "v": given.visit})

    def read_visit(self, token: str) -> Pass | None:
        """Return whose visit it is; None where the cookie is not ours or too old."""
        return _passed(self._read("visit", token, VISIT_LASTS))

    def mark(self, visit: str) -> str:
        """Return the mark that forms of a visit bear, so that only our own pages can send them."""
        return self._signed("form", {"v": visit})

    def is_mark(self, mark: str, visit: str) -> bool:
        """Whether a form's mark was made for this visit."""
        found = self._read("form", mark, VISIT_LASTS)
        return isinstance(found, dict) and found.get("v") == visit

    def _signed(self, purpose: str, content: dict[str, str]) -> str:
        return str(self._serializers[purpose].dumps(content))

    def _read(self, purpose: str, token: str, lasts: timedelta) -> Any:  # noqa: ANN401 - as it was signed
        try:
            return self._serializers[purpose].loads(token, max_age=int(lasts.total_seconds()))
        except BadData:
            return None


def _passed(found: object) -> Pass | None:
    if not isinstance(found, dict):
        return None
    return Pass(str(found.get("a", "")), str(found.get("v", "")))


def _kept(path: Path) -> str:
    """Read a key's file; make it for the owner alone where it is not there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise CallError("output_unwritable", file=str(path), reason=error.strerror) from error
    else:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(secrets.token_urlsafe(48) + "\n")
    try:
        found = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CallError("key_unreadable", file=str(path)) from None
    if not found.strip():
        raise CallError("key_too_short", place=str(path), shortest=SHORTEST)
    return found
