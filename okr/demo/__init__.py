"""A made-up enterprise that shows the main job on input of the real kinds.

Units and people stand in an HR database, the upper OKRs in tables, the departments' OKRs in
workbooks that people filled in by hand. Its day is fixed, so every number stays right. Nothing of
it is real: company, people and OKRs are invented.
"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from okr.report import Report
    from okr.texts import Language

INTENDED = {"hr": "read", "planning": "read", "units": "partial"}
"""How each source stands when all went as it should: one workbook is a login page on purpose."""


def write(directory: Path) -> Path:
    """Write the enterprise into `directory`; what stands there under its names is written anew.

    Returns:
        The settings file.
    """
    from okr.demo import hr, workbooks  # noqa: PLC0415 - xlsxwriter is slow to import

    directory.mkdir(parents=True, exist_ok=True)
    enterprise = files("okr.demo") / "enterprise"
    with as_file(enterprise / "planning") as planning:
        shutil.copytree(planning, directory / "planning", dirs_exist_ok=True)
    hr.write(enterprise, directory / "hr.sqlite")
    workbooks.write(enterprise, directory / "inbox")
    settings = directory / "okr.toml"
    settings.write_text((enterprise / "okr.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return settings


def run(directory: Path, report: Report, language: Language = "en") -> int:
    """Write the enterprise, run the nightly job on it, and print what a person should look at.

    Returns:
        0 where all went as the demo intends, refusals included; else 1.

    Raises:
        CallError: the directory cannot be written to, or what stands there is not the demo's.
        RunError: the run failed.
    """
    from okr import pipeline  # noqa: PLC0415 - DuckDB and polars are slow to import
    from okr.demo import closing  # noqa: PLC0415
    from okr.settings import load  # noqa: PLC0415

    settings = load(write(directory))
    result = pipeline.sync(settings, sources=None, report=report, command="demo")
    closing.tell(settings, result, language)
    stand = {outcome.name: outcome.state for outcome in result.sources}
    return 0 if stand == INTENDED else 1
