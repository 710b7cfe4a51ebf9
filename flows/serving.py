"""The processes behind `okr serve` that know Prefect: its server, and the one that runs our flows.

python -m flows.serving server
python -m flows.serving flows SETTINGS
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flows.children import hold_on
from flows.naming import SERVED, warehouse_limit
from okr.reconcile.rulebook import rules
from okr.settings import load
from okr.texts import language, text

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.deployments.runner import RunnerDeployment

    from flows.deployments import Wanted
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

    sys.argv = ["prefect", "server", "start"]  # it reads its words there
    app()


def _flows(file: Path) -> None:
    from prefect import serve  # noqa: PLC0415
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    settings = load(file, rule_codes=rules())
    with get_client(sync_client=True) as client:
        _limit(client, settings)
        _bury(client, settings)
    # A schedule that is paused at the end would stay so for ever: the next start finds it as it was left.
    serve(*deployments(settings), pause_on_shutdown=False, print_starting_message=False, limit=RUNS_AT_ONCE)


def deployments(settings: Settings) -> list[RunnerDeployment]:
    """Return what this machine runs: the schedules of the settings, and what people start from the pages.

    Raises:
        CallError: `schedule_wrong`, a cron expression that is none.
    """
    from prefect.schedules import Cron  # noqa: PLC0415
    from prefect.types.entrypoint import EntrypointType  # noqa: PLC0415

    from flows.deployments import wanted  # noqa: PLC0415

    found = []
    for one in wanted(settings):
        schedules = [Cron(cron.cron, timezone=cron.timezone, slug=slug) for slug, cron in one.schedules.items()]
        deployment = one.flow.to_deployment(
            one.name,
            description=one.description,
            parameters=one.parameters,
            schedules=schedules,
            concurrency_limit=_alone(one),
            enforce_parameter_schema=True,
            entrypoint_type=EntrypointType.MODULE_PATH,  # whatever folder the process stands in
        )
        found.append(cast("RunnerDeployment", deployment))
    return found


def _alone(one: Wanted) -> ConcurrencyLimitConfig | None:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig  # noqa: PLC0415

    if one.limit is None or one.collision is None:
        return None
    return ConcurrencyLimitConfig(limit=one.limit, collision_strategy=one.collision)


def _limit(client: SyncPrefectClient, settings: Settings) -> None:
    """Make the limit that lets one nightly run at a time take the warehouse, where it is not there."""
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate  # noqa: PLC0415
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    name = warehouse_limit(settings)
    try:
        client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1, active=True))


def _bury(client: SyncPrefectClient, settings: Settings) -> None:
    """End the runs that an earlier process of this kind left: it is gone, and they went with it."""
    from prefect.client.schemas import filters  # noqa: PLC0415
    from prefect.client.schemas.objects import StateType  # noqa: PLC0415
    from prefect.states import Crashed  # noqa: PLC0415

    said = text("flow.left", language(settings_language=settings.language))
    going = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    chosen = filters.FlowRunFilter(state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=going)))
    served = filters.DeploymentFilter(name=filters.DeploymentFilterName(any_=list(SERVED)))
    for run in client.read_flow_runs(flow_run_filter=chosen, deployment_filter=served):
        client.set_flow_run_state(run.id, Crashed(message=said), force=True)


if __name__ == "__main__":
    main(sys.argv[1:])
