"""A made-up enterprise that shows the main job on input of the real kinds.

Units and people stand in an HR database, the upper OKRs in tables, the departments' OKRs in
workbooks that people filled in by hand. Its day is fixed, so every number stays right. Nothing of
it is real: company, people and OKRs are invented.
"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from okr.errors import CallError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from okr.report import Report
    from okr.texts import Language

INTENDED = {"hr": "read", "planning": "read", "units": "partial"}
"""How each source stands when all went as it should: one workbook is a login page on purpose."""

MEETING = "market-2027q1"
"""The handshake meeting that the demo prepares."""


def write(directory: Path) -> Path:
    """Write the enterprise into `directory`; what an earlier demo wrote there is written anew.

    Returns:
        The settings file.

    Raises:
        CallError: `demo_folder_taken`, another enterprise's settings stand there;
            `demo_folder_unwritable`.
    """
    settings = directory / "okr.toml"
    enterprise = files("okr.demo") / "enterprise"
    try:
        content = (enterprise / "okr.toml").read_text(encoding="utf-8")
        if settings.exists() and not _is_ours(settings, content):
            raise CallError("demo_folder_taken", folder=str(directory))
        _write(enterprise, directory)
        settings.write_text(content, encoding="utf-8")
    except OSError as failure:
        reason = failure.strerror or type(failure).__name__
        raise CallError("demo_folder_unwritable", folder=str(directory), reason=reason) from failure
    return settings


def _is_ours(settings: Path, content: str) -> bool:
    """Whether an earlier demo wrote these settings: its first line says so."""
    first = content.splitlines()[0]
    return settings.read_text(encoding="utf-8", errors="replace").startswith(first)


def _write(enterprise: Traversable, directory: Path) -> None:
    from okr.demo import hr, workbooks  # noqa: PLC0415 - xlsxwriter is slow to import

    directory.mkdir(parents=True, exist_ok=True)
    with as_file(enterprise / "planning") as planning:
        shutil.copytree(planning, directory / "planning", dirs_exist_ok=True)
    hr.write(enterprise, directory / "hr.sqlite")
    workbooks.write(enterprise, directory / "inbox")


def run(directory: Path, report: Report, language: Language = "en") -> int:
    """Write the enterprise, run the nightly sync and a pre-handshake run on it, and print what a person should look at.

    Returns:
        0 where all went as the demo intends, refusals included; else 1.

    Raises:
        CallError: as `write`.
        RunError: the run failed.
    """
    from okr import pipeline  # noqa: PLC0415 - DuckDB and polars are slow to import
    from okr.demo import closing  # noqa: PLC0415
    from okr.pipeline.prepare import prepare  # noqa: PLC0415
    from okr.settings import load  # noqa: PLC0415

    settings = load(write(directory))
    result = pipeline.sync(settings, sources=None, report=report, command="demo")
    prepared = prepare(settings, MEETING, pull=False, who="okr demo", report=report)
    closing.tell(settings, result, prepared, language)
    stand = {outcome.name: outcome.state for outcome in result.sources}
    return 0 if stand == INTENDED else 1
