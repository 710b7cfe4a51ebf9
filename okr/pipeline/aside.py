"""A run that leaves everything as it was: it works on a side file of the warehouse and a copy of the ledger.

Whoever runs `--dry-run` does what a real run does, on settings whose stores stand aside; nothing in the run
itself needs to know.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from okr.errors import RunError
from okr.settings.urls import sqlite_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from okr.settings import Block, Settings

LEFT_BEHIND = 86_400
"""Seconds after which the side folder of a run that was killed is removed."""

FOR_EVER = 36_500
"""Days: a dry run throws nothing away that has landed or was packed."""


@contextmanager
def aside(settings: Settings, *, block: Block | None = None) -> Iterator[Settings]:
    """Hand out settings whose warehouse and ledger are the present ones at first, and gone afterwards.

    Sources are pulled as always (what they deliver stays in the landing folder, for the next run), and packs go to
    their own folder. Nothing is removed for its age. What writes outside must be left out by the caller.

    Args:
        settings: of the enterprise.
        block: reads a Prefect Secret block.

    Raises:
        RunError: there is no room beside the warehouse, or the ledger cannot be read.
    """
    path = settings.warehouse.path
    folder = _folder(path)
    try:
        house = folder / path.name
        _lend(path, house)
        url = sqlite_url(folder / "ledger.sqlite")
        _copy_ledger(settings, url, block)
        yield settings.model_copy(
            update={
                "warehouse": settings.warehouse.model_copy(update={"path": house}),
                "ledger": settings.ledger.model_copy(update={"url": url, "password": None}),
                "retention": settings.retention.model_copy(update={"days": FOR_EVER}),
            }
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_on(settings: Settings, *, dry_run: bool, block: Block | None = None) -> Iterator[Settings]:
    """Hand out what a run works on: the settings as they are, or for a dry run those of `aside`."""
    if not dry_run:
        yield settings
        return
    with aside(settings, block=block) as other:
        yield other


def _folder(path: Path) -> Path:
    """A folder of the owner's alone, beside the warehouse, so that the file need not be copied."""
    prefix = f".{path.name}.aside-"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{glob.escape(prefix)}*"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                    shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent))
    except OSError as failure:
        raise RunError("warehouse_not_writable", path=str(path), reason=failure.strerror or str(failure)) from failure


def _lend(path: Path, house: Path) -> None:
    """The present file under a second name: a run replaces its file by a rename and never writes into it."""
    if not path.exists():
        return
    try:
        try:
            os.link(path, house)
        except OSError:  # a file system without links
            shutil.copyfile(path, house)
            house.chmod(0o600)
    except OSError as failure:
        raise RunError("warehouse_not_writable", path=str(path), reason=failure.strerror or str(failure)) from failure


def _copy_ledger(settings: Settings, url: str, block: Block | None) -> None:
    """Copy what the ledger holds. One that is a file and not there yet is not made."""
    from okr.ledger import Ledger, exists  # noqa: PLC0415 - SQLAlchemy

    if not exists(settings.ledger.url):
        return
    with Ledger.of(settings, block=block, as_it_is=True) as ledger:
        ledger.copy_to(url)
