"""Readies a Prefect server for our flows; done twice, nothing changes.

    python -m flows.bootstrap [--config okr.toml] [--url https://prefect.example.com] [--keys]

First the keys that keep others out: an auth string for the API, and the key with which the server encrypts the
secrets that it keeps, both made once beside the settings, with the environments of server and workers that bear them.
Then, on the configured server: the work pool, the concurrency limit of the warehouse, and the deployments of
deployments/prefect.yaml with cron and zone out of the settings.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr.errors import CallError, OkrError
from okr.reconcile.rulebook import rules
from okr.settings import load
from okr.texts import language, text, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

    from flows.deployments import Wanted
    from okr.settings import Settings

MADE, CHANGED, THERE = "made", "changed", "there"

ENVIRONMENTS = ("server.env", "worker.env")
"""Files for systemd and compose, in the folder of Prefect beside the settings."""


def main(words: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    asked = _parser().parse_args(words)
    lang = language()
    try:
        settings = load(asked.config, rule_codes=rules())
        lang = language(settings_language=settings.language)
        for thing, name, state in bootstrap(settings, url=asked.url, keys_only=asked.keys):
            sys.stdout.write(f"{text(f'flow.bootstrap.{thing}', lang, name=name)}: {text(f'flow.{state}', lang)}\n")
    except OkrError as error:
        sys.stderr.write("\n".join(told(error, lang)) + "\n")
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.bootstrap", description="Readies a Prefect server.")
    parser.add_argument("--config", type=Path, help="the settings file; else OKR_CONFIG, else okr.toml")
    parser.add_argument("--url", help="how workers reach the server, where it is not on this machine alone")
    parser.add_argument("--keys", action="store_true", help="only the keys and environments, before the server starts")
    return parser


def bootstrap(settings: Settings, *, url: str | None = None, keys_only: bool = False) -> Iterator[tuple[str, str, str]]:
    """Do all of it, step by step.

    Args:
        settings: of the enterprise.
        url: how workers reach the server; None: on this machine.
        keys_only: stop before a server is needed.

    Yields:
        What it is (text `flow.bootstrap.<what>`), its name, and whether it was `made`, `changed` or `there`.

    Raises:
        CallError: the keys cannot be kept, the server does not let us in, or a schedule is none.
        RunError: the server cannot be reached.
    """
    yield from _keys(settings, url)
    if keys_only:
        return
    from flows.watching import connected  # noqa: PLC0415 - Prefect reads the environment at import

    with connected() as client:
        yield from _pool(client)
        yield from _limit(client, settings)
        yield from _deployments(client, settings)


# -- keys -----------------------------------------------------------------------------------------------


def _keys(settings: Settings, url: str | None) -> Iterator[tuple[str, str, str]]:
    """Make the two keys and the environments that bear them; what is there stays as it is."""
    from flows.home import FOLDER, Home  # noqa: PLC0415

    there = {name for name in ("auth", "encryption") if (settings.folder / FOLDER / name).exists()}
    home = Home.of(settings)
    for name in ("auth", "encryption"):
        yield "key", str(home.folder / name), THERE if name in there else MADE
    for name, wanted in zip(ENVIRONMENTS, (home.server(), home.client()), strict=True):
        yield "environment", str(home.folder / name), _kept(home.folder / name, _lines(wanted, url))
    if not os.environ.get("PREFECT_API_URL"):
        os.environ.update(home.client())


def _lines(wanted: Mapping[str, str], url: str | None) -> str:
    """What of an environment is Prefect's, for a file. The folder is each machine's own."""
    ours = {name: value for name, value in wanted.items() if name.startswith("PREFECT_") and name != "PREFECT_HOME"}
    if url is not None:
        origin = url.rstrip("/").removesuffix("/api")
        elsewhere = {
            "PREFECT_API_URL": f"{origin}/api",
            "PREFECT_SERVER_UI_API_URL": f"{origin}/api",
            "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": origin,
        }
        ours |= {name: value for name, value in elsewhere.items() if name in ours}
    return "".join(f"{name}={value}\n" for name, value in sorted({**ours, "DO_NOT_TRACK": "1"}.items()))


def _kept(path: Path, content: str) -> str:
    """Write a file for the owner alone, where there is none.

    Raises:
        CallError: it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return THERE
    except OSError as error:
        raise CallError("output_unwritable", file=str(path), reason=error.strerror or str(error)) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(content)
    return MADE


# -- on the server --------------------------------------------------------------------------------------


def _pool(client: SyncPrefectClient) -> Iterator[tuple[str, str, str]]:
    from prefect.client.schemas.actions import WorkPoolCreate  # noqa: PLC0415
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415
    from prefect.workers.process import ProcessWorker  # noqa: PLC0415

    from flows.naming import WORK_POOL  # noqa: PLC0415

    try:
        client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=template))
        yield "pool", WORK_POOL, MADE
    else:
        yield "pool", WORK_POOL, THERE


def _limit(client: SyncPrefectClient, settings: Settings) -> Iterator[tuple[str, str, str]]:
    """One run at a time holds the warehouse. A limit that ops changed stays as they want it."""
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate  # noqa: PLC0415
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    from flows.naming import warehouse_limit  # noqa: PLC0415

    name = warehouse_limit(settings)
    try:
        client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1, active=True))
        yield "limit", name, MADE
    else:
        yield "limit", name, THERE


def _deployments(client: SyncPrefectClient, settings: Settings) -> Iterator[tuple[str, str, str]]:
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    from flows.deployments import wanted  # noqa: PLC0415

    for one in wanted(settings):
        try:
            present = client.read_deployment_by_name(f"{one.flow.name}/{one.name}")
        except ObjectNotFound:
            present = None
        if present is not None and _same(present, one):
            yield "deployment", one.name, THERE
            continue
        _deploy(client, one, present)
        yield "deployment", one.name, MADE if present is None else CHANGED


def _same(present: DeploymentResponse, one: Wanted) -> bool:
    """Whether a deployment is as it should be; whether it is paused is for ops to say."""
    limit, options = present.global_concurrency_limit, present.concurrency_options
    found: list[Any] = [
        present.entrypoint,
        present.description,
        present.parameters,
        present.work_pool_name,
        present.enforce_parameter_schema,
        present.parameter_openapi_schema,
        None if limit is None else limit.limit,
        None if options is None else options.collision_strategy,
        {schedule.slug: schedule.schedule for schedule in present.schedules},
    ]
    return found == [
        one.entrypoint,
        one.description,
        one.parameters,
        one.work_pool,
        True,
        one.schema(),
        one.limit,
        one.collision,
        one.schedules,
    ]


def _deploy(client: SyncPrefectClient, one: Wanted, present: DeploymentResponse | None) -> None:
    """Make it, or put right what differs; a schedule that ops turned off stays off."""
    from prefect.client.schemas.actions import DeploymentScheduleCreate  # noqa: PLC0415
    from prefect.client.schemas.objects import ConcurrencyOptions  # noqa: PLC0415

    off = {schedule.slug for schedule in (present.schedules if present else ()) if not schedule.active}
    client.create_deployment(
        flow_id=client.create_flow(one.flow),
        name=one.name,
        description=one.description,
        entrypoint=one.entrypoint,
        parameters=one.parameters,
        parameter_openapi_schema=one.schema(),
        enforce_parameter_schema=True,
        schedules=[
            DeploymentScheduleCreate(slug=slug, schedule=schedule, active=slug not in off)
            for slug, schedule in one.schedules.items()
        ],
        concurrency_limit=one.limit,
        concurrency_options=None if one.collision is None else ConcurrencyOptions(collision_strategy=one.collision),
        work_pool_name=one.work_pool,
    )


if __name__ == "__main__":
    sys.exit(main())
