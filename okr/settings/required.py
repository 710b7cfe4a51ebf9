"""Which secrets a command will need, and whether they are there, before anything is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.errors import SettingsError
from okr.settings.reading import secrets
from okr.settings.secret import Block, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from okr.settings.model import Settings
    from okr.settings.secret import Secret


def require_secrets(settings: Settings, *, sources: Collection[str] | None = None, block: Block | None = None) -> None:
    """Make sure that the secrets of these sources and of the ledger are there.

    Args:
        settings: of the enterprise.
        sources: names of sources; None: all.
        block: reads a Prefect Secret block.

    Raises:
        SettingsError: `secrets_missing`; its `problems` name each one, all at once.
    """
    problems: list[SettingsError] = []
    for secret in _needed(settings, sources):
        try:
            resolve(secret, block=block)
        except SettingsError as problem:
            problems.append(problem)
    if problems:
        raise SettingsError("secrets_missing", tuple(problems), file=str(settings.file), count=len(problems))


def _needed(settings: Settings, sources: Collection[str] | None) -> Iterator[Secret]:
    parts = [settings.ledger]
    parts += [s for name, s in settings.sources.items() if sources is None or name in sources]
    for part in parts:
        for _, secret in secrets(part):
            yield secret
