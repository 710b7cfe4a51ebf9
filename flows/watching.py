"""A run on the configured Prefect server: ordered, watched, and its end told as a command's exit status."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.sorting import LogSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling

from flows.endings import exit_status
from okr.errors import CallError, OkrError, RunError
from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

    from prefect.client.schemas.objects import FlowRun, State

    from okr.texts import Language

PAUSE = 1.0
"""Seconds between two looks at the run."""

PATIENCE = 20.0
"""Seconds after which a run that nobody has taken is spoken of."""

OUT_OF_REACH = 300.0
"""Seconds for which the server may be away while a run is watched."""

PREFECTS_OWN = ("Finished in state", "Engine execution exited", "Beginning flow run", "Task run failed with exception")
"""How lines of the log begin that Prefect writes for itself, some with a traceback; the end is told in our words."""

LINES = 200
"""Lines of the log that are fetched at once; the most that the server gives."""


def run_on_server(
    deployment: str, parameters: Mapping[str, object], *, tell: Callable[[str], None], language: Language
) -> int:
    """Make a run of a deployment, tell its log, and wait for its end.

    Args:
        deployment: `flow/deployment`.
        parameters: the fields of the flow's one parameter; all others have the flow's own defaults.
        tell: is given each line of the run's log, and what else there is to say.
        language: of what we say ourselves.

    Returns:
        The exit status that the command would have had here.

    Raises:
        CallError: no server is configured, it does not let us in, it has no such deployment, or the parameters are
            refused; nothing was begun.
        RunError: the server cannot be reached.
    """
    server = _server()
    with get_client(sync_client=True) as client:
        with _told(server):
            run = _ordered(client, server, deployment, parameters)
        tell(text("flow.watch.started", language, name=run.name, server=server))
        try:
            state = _Watch(client, run, server, tell, language).to_the_end()
        except BaseException as stop:
            if not isinstance(stop, Exception):  # a signal: what was begun is stopped too
                tell(text("flow.watch.cancelling", language))
                client.set_flow_run_state(run.id, Cancelling())  # by force its place would stay taken for minutes
            raise
    tell(text("flow.watch.ended", language, state=state.name, message=state.message or ""))
    return exit_status(state.name)


@contextmanager
def connected() -> Iterator[SyncPrefectClient]:
    """A client of the configured server; its failures are told in our words.

    Raises:
        CallError: no server is configured, or it does not let us in.
        RunError: it cannot be reached.
    """
    with _told(_server()), get_client(sync_client=True) as client:
        yield client


def _server() -> str:
    """The configured server as people may see it: without a user or a password.

    Raises:
        CallError: none is configured.
    """
    url = PREFECT_API_URL.value()
    if not url:
        raise CallError("prefect_not_configured")
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _ordered(client: SyncPrefectClient, server: str, deployment: str, parameters: Mapping[str, object]) -> FlowRun:
    try:
        found = client.read_deployment_by_name(deployment)
    except ObjectNotFound:
        raise CallError("prefect_no_deployment", server=server, deployment=deployment) from None
    return client.create_flow_run_from_deployment(found.id, parameters={"parameters": dict(parameters)})


@contextmanager
def _told(server: str) -> Iterator[None]:
    """What the server or the way to it refuses, in our words."""
    try:
        yield
    except PrefectHTTPStatusError as refusal:
        raise _refused(server, refusal) from None
    except httpx.HTTPError as failure:
        raise RunError("prefect_server_unreachable", server=server, reason=type(failure).__name__) from failure


def _refused(server: str, refusal: PrefectHTTPStatusError) -> OkrError:
    match refusal.response.status_code:
        case 401 | 403:
            return CallError("prefect_refused", server=server)
        case 409 | 422:
            return CallError("prefect_parameters", reason=_detail(refusal.response))
        case status:
            return RunError("prefect_server_unreachable", server=server, reason=f"HTTP {status}")


def _detail(answer: httpx.Response) -> str:
    try:
        told: Any = answer.json()
    except ValueError:
        return answer.text[:500]
    return str(told.get("detail") or told.get("exception_message") or told)[:500]


class _Watch:
    """Looks at one run until it ends."""

    def __init__(
        self, client: SyncPrefectClient, run: FlowRun, server: str, tell: Callable[[str], None], language: Language
    ) -> None:
        self._client = client
        self._id: UUID = run.id
        self._server = server
        self._tell = tell
        self._language: Language = language
        self._told = 0
        self._since = time.monotonic()
        self._reached = time.monotonic()
        self._warned = False

    def to_the_end(self) -> State:
        """Tell the log as it comes; return the last state."""
        while True:
            state = self._look()
            if state is not None and state.is_final():
                time.sleep(PAUSE)  # the last lines come a moment after the state
                self._look()
                return state
            if state is not None and state.is_scheduled() and not self._warned:
                self._warn()
            time.sleep(PAUSE)

    def _look(self) -> State | None:
        """The present state; None where the server does not answer just now.

        Raises:
            RunError: it has not answered for too long.
        """
        try:
            with _told(self._server):
                state = self._client.read_flow_run(self._id).state
                self._log()
        except RunError:
            if time.monotonic() - self._reached > OUT_OF_REACH:
                raise
            return None
        self._reached = time.monotonic()
        return state

    def _log(self) -> None:
        wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[self._id]))
        while lines := self._client.read_logs(
            log_filter=wanted, limit=LINES, offset=self._told, sort=LogSort.TIMESTAMP_ASC
        ):
            self._told += len(lines)
            for line in lines:
                first, _, _ = line.message.partition("\n")
                if not first.startswith(PREFECTS_OWN):
                    self._tell(f"  {first}")

    def _warn(self) -> None:
        if time.monotonic() - self._since > PATIENCE:
            self._warned = True
            self._tell(text("flow.watch.waiting", self._language))
