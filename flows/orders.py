"""What our pages may do on Prefect, and nothing else: start a preparation, and watch the flows that we serve.

Everything goes over the API of the server that `okr serve` runs; which deployments there are is fixed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterLevel,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort, LogSort
from prefect.exceptions import ObjectNotFound
from prefect.types._datetime import now

from flows.endings import IN_PART, WITH_FAILURES
from flows.naming import PRE_HANDSHAKE, SERVED
from okr.errors import OkrError, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, TaskRun
    from prefect.types import DateTime

State = Literal["waiting", "running", "done", "partly", "failed", "stopped"]

_STATES: dict[str, State] = {
    "SCHEDULED": "waiting",
    "PENDING": "waiting",
    "PAUSED": "waiting",
    "RUNNING": "running",
    "CANCELLING": "running",
    "COMPLETED": "done",
    "FAILED": "failed",
    "CRASHED": "stopped",
    "CANCELLED": "stopped",
}
RUN_STAGES = 100
WARNING = 30  # the number that logging gives it


@dataclass(frozen=True)
class Stage:
    """One coarse stage of a run: a task of the flow, such as `pull hr` or `merge_and_judge`."""

    name: str
    state: State
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class Order:
    """One run of a flow of ours. `message` is what its final state says, in the language of the settings."""

    order_id: str
    flow: str
    state: State
    message: str
    parameters: dict[str, Any]
    scheduled: bool
    asked: datetime | None
    started: datetime | None
    ended: datetime | None
    stages: Sequence[Stage] = ()
    notes: Sequence[str] = field(default_factory=list)

    @property
    def meeting_id(self) -> str | None:
        """The meeting that it prepares."""
        found = self.parameters.get("meeting")
        return str(found) if found else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in {"waiting", "running"}


def start(meeting_id: str, *, rehearsal: bool, fresh: bool, who: str, language: str) -> str:
    """Start the preparation of a meeting; returns the id by which it can be watched.

    Raises:
        RunError: `prefect_silent`.
    """
    with _client() as client:
        deployment = client.read_deployment_by_name(PRE_HANDSHAKE)
        given = dict(deployment.parameters.get("parameters") or {})
        given |= {"meeting": meeting_id, "rehearsal": rehearsal, "fresh": fresh, "who": who, "language": language}
        run = client.create_flow_run_from_deployment(deployment.id, parameters={"parameters": given})
        return str(run.id)


def latest(limit: int = 30) -> list[Order]:
    """Return the latest runs of the flows that we serve, newest first, without those that a schedule plans.

    Raises:
        RunError: `prefect_silent`.
    """
    with _client() as client:
        served = _served(client)
        ours = FlowRunFilterDeploymentId(any_=list(served))
        # The runs that a schedule has planned are many, and their times are the latest of all.
        begun = FlowRunFilter(deployment_id=ours, state=_in([one for one in StateType if one != StateType.SCHEDULED]))
        due = FlowRunFilter(
            deployment_id=ours,
            state=_in([StateType.SCHEDULED]),
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=cast("DateTime", now("UTC"))),
        )
        runs = [
            run
            for chosen in (due, begun)
            for run in client.read_flow_runs(
                flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=limit
            )
        ]
    found = {run.id: _order(run, served) for run in runs}
    by_time = [one for one in found.values() if not (one.scheduled and one.state == "waiting")]
    return sorted(by_time, key=lambda one: str(one.started or one.asked), reverse=True)


def watch(order_id: str) -> Order | None:
    """Return one run with its stages and what it has to say; None where there is none of ours with this id.

    Raises:
        RunError: `prefect_silent`.
    """
    try:
        run_id = UUID(order_id)
    except ValueError:
        return None
    with _client() as client:
        served = _served(client)
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])), limit=1)
        if not runs or runs[0].deployment_id not in served:
            return None
        tasks = client.read_task_runs(
            task_run_filter=TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[run_id])), limit=RUN_STAGES
        )
        logs = client.read_logs(
            LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]), level=LogFilterLevel(ge_=WARNING)),
            limit=RUN_STAGES,
            sort=LogSort.TIMESTAMP_ASC,
        )
    notes = list(
        dict.fromkeys(line.message for line in logs if line.name in {"prefect.flow_runs", "prefect.task_runs"})
    )
    return _order(runs[0], served, _stages(tasks), notes)


class _Client:
    """A client for one question; its failures in our words."""

    def __enter__(self) -> SyncPrefectClient:
        self._client = get_client(sync_client=True)
        return self._client.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._client.__exit__(kind, error, trace)
        if isinstance(error, Exception) and not isinstance(error, OkrError):
            raise RunError("prefect_silent", reason=type(error).__name__) from error


def _client() -> _Client:
    return _Client()


def _in(types: list[StateType]) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=types))


def _served(client: SyncPrefectClient) -> dict[UUID, str]:
    """The ids of our deployments, each with its name. One that is not served yet is left out."""
    found = {}
    for name in SERVED:
        try:
            found[client.read_deployment_by_name(f"{name}/{name}").id] = name
        except ObjectNotFound:
            continue
    return found


def _order(run: FlowRun, served: dict[UUID, str], stages: Sequence[Stage] = (), notes: Sequence[str] = ()) -> Order:
    state = run.state
    told: State = "waiting" if state is None else _STATES.get(state.type.value, "running")
    if state is not None and state.type.value == "FAILED" and state.name in {WITH_FAILURES, IN_PART}:
        told = "partly"
    given = (run.parameters or {}).get("parameters")
    return Order(
        order_id=str(run.id),
        flow=served.get(run.deployment_id, "") if run.deployment_id else "",
        state=told,
        message=(state.message if state is not None and told not in {"waiting", "running"} else "") or "",
        parameters=given if isinstance(given, dict) else {},
        scheduled=bool(run.auto_scheduled),
        asked=run.created if not run.auto_scheduled else run.expected_start_time,
        started=run.start_time,
        ended=run.end_time,
        stages=stages,
        notes=notes,
    )


def _stages(tasks: Sequence[TaskRun]) -> list[Stage]:
    rows = [
        Stage(task.name, _STATES.get(task.state_type.value, "running") if task.state_type else "waiting",
              task.start_time, task.end_time)
        for task in tasks
    ]  # fmt: skip
    return sorted(rows, key=lambda one: (one.started is None, str(one.started)))
