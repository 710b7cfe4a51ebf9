"""`okr demo`: a made-up enterprise to look at."""

from __future__ import annotations

from pathlib import Path

from okr.cli.options import Common
from okr.cli.progress import reporting
from okr.cli.speech import spoken


def demo(
    directory: Path = Path("okr-demo"),
    /,
    *,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Write a complete made-up enterprise into a folder and run on it what runs every night."""
    del common  # the demo brings its own settings; its language has been read already
    with reporting() as report:
        report.stage("demo_write", folder=str(directory))
        from okr import demo as made_up  # noqa: PLC0415

        return made_up.run(directory, report, spoken())
