"""Secrets that are kept in Prefect: what `{ block = "NAME" }` in the settings means."""

from __future__ import annotations

from typing import cast

from prefect.blocks.system import Secret


def from_block(name: str) -> str:
    """The text that the Secret block `name` holds.

    Never log what this returns: Prefect stores log lines as they are.

    Raises:
        ValueError: the server has no Secret block of that name.
    """
    # Outside of an event loop `load` waits; its type knows only the other case.
    block = cast("Secret[str]", Secret.load(name))
    return block.get()
