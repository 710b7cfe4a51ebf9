"""Secrets: the settings say where they stand, never what they are."""

from __future__ import annotations

import os
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from okr.errors import SettingsError
from okr.settings.kinds import FilePath, Line, wrong

Block = Callable[[str], str]


class Secret(BaseModel):
    """Where a secret stands: `{ env = "NAME" }`, `{ file = "PATH" }` or `{ block = "NAME" }`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    env: Line | None = None
    file: FilePath | None = None
    block: Line | None = None

    _key: str = PrivateAttr(default="")
    _settings_file: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _shape(cls, value: object) -> object:
        if isinstance(value, str):
            raise wrong("setting_secret_in_clear")
        if not isinstance(value, dict):
            raise wrong("setting_not_secret")
        if not set(value) - {"env", "file", "block"} and len(value) != 1:
            raise wrong("setting_not_secret")
        return value

    @property
    def key(self) -> str:
        """The full name of the key that it stands at, such as `sources.hr.password`."""
        return self._key

    def placed(self, key: str, settings_file: str) -> None:
        """Remember where the secret is named, for messages."""
        self._key = key
        self._settings_file = settings_file


def resolve(secret: Secret, *, block: Block | None = None) -> str:
    """The secret itself.

    Args:
        secret: where it stands.
        block: reads a Prefect Secret block by its name; None where blocks cannot be read.

    Raises:
        SettingsError: it is not there, or empty; named are the settings file and the key.
    """
    if secret.env is not None:
        return _from_environment(secret, secret.env)
    if secret.file is not None:
        return _from_file(secret)
    return _from_block(secret, secret.block or "", block)


def _missing(secret: Secret, code: str, **values: object) -> SettingsError:
    return SettingsError(code, (), file=secret._settings_file, key=secret.key, **values)


def _from_environment(secret: Secret, name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise _missing(secret, "secret_env_missing", name=name)


def _from_file(secret: Secret) -> str:
    try:
        value = secret.file.read_text(encoding="utf-8-sig").strip("\r\n") if secret.file else ""
    except FileNotFoundError:
        raise _missing(secret, "secret_file_missing", path=secret.file) from None
    except (OSError, UnicodeDecodeError):
        raise _missing(secret, "secret_file_unreadable", path=secret.file) from None
    if not value:
        raise _missing(secret, "secret_file_empty", path=secret.file)
    return value


def _from_block(secret: Secret, name: str, block: Block | None) -> str:
    if block is None:
        raise _missing(secret, "secret_block_unavailable", name=name)
    try:
        value = block(name)
    except (ValueError, LookupError):
        raise _missing(secret, "secret_block_missing", name=name) from None
    if not value:
        raise _missing(secret, "secret_block_missing", name=name)
    return value
