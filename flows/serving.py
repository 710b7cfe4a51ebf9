"""The processes behind `okr serve` that know Prefect: its server, and the one that runs our flows.

python -m flows.serving server
python -m flows.serving flows SETTINGS
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows.children import hold_on
from okr.settings import load

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

    from okr.settings import Settings

RUNS_AT_ONCE = 4


def main(words: list[str]) -> None:
    """Be one of the two until a signal comes."""
    hold_on()
    if words[0] == "server":
        _server()
    else:
        _flows(Path(words[1]))


def _server() -> None:
    from prefect.cli import app  # noqa: PLC0415 - the other process does not need it

    app(["server", "start"])


def _flows(file: Path) -> None:
    from prefect import serve  # noqa: PLC0415

    settings = load(file)
    # A schedule that is paused at the end would stay so for ever: the next start finds it as it was left.
    serve(*deployments(settings), pause_on_shutdown=False, print_starting_message=False, limit=RUNS_AT_ONCE)


def deployments(settings: Settings) -> list[RunnerDeployment]:
    """Return what this machine runs: the schedules of the settings, and what people start from the pages."""
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy  # noqa: PLC0415
    from prefect.deployments.runner import EntrypointType  # noqa: PLC0415
    from prefect.schedules import Cron  # noqa: PLC0415

    from flows.nightly_sync import nightly_sync  # noqa: PLC0415
    from flows.pre_handshake import pre_handshake  # noqa: PLC0415

    # Two runs would only wait for each other: the second takes what the first one pulled.
    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    asked = {"parameters": {"config": str(settings.file)}}
    by_module = EntrypointType.MODULE_PATH  # whatever folder the process stands in
    nightly = nightly_sync.to_deployment(
        "nightly-sync",
        schedule=Cron(settings.schedule.nightly, timezone=settings.timezone),
        parameters=asked,
        concurrency_limit=alone,
        entrypoint_type=by_module,
    )
    prepare = pre_handshake.to_deployment("pre-handshake", parameters=asked, entrypoint_type=by_module)
    return [nightly, prepare]


if __name__ == "__main__":
    main(sys.argv[1:])
