"""What deployments/prefect.yaml says, with the schedules that the settings ask for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

import yaml
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.utilities.callables import parameter_schema

from okr.errors import CallError

if TYPE_CHECKING:
    from prefect import Flow

    from okr.settings import Settings


@dataclass(frozen=True)
class Wanted:
    """A deployment as it should be. `schedules`: by slug."""

    name: str
    entrypoint: str
    description: str
    parameters: dict[str, Any]
    schedules: dict[str, CronSchedule]
    limit: int | None
    collision: ConcurrencyLimitStrategy | None
    work_pool: str

    @property
    def flow(self) -> Flow[..., Any]:
        """The flow itself."""
        module, _, name = self.entrypoint.rpartition(".")
        return cast("Flow[..., Any]", getattr(import_module(module), name))

    def schema(self) -> dict[str, Any]:
        """What the server holds parameters to."""
        return parameter_schema(self.flow).model_dump_for_openapi()


def wanted(settings: Settings) -> list[Wanted]:
    """The deployments for an enterprise.

    Entrypoints are modules and not files: the package is installed wherever a worker runs, and no folder has to be
    the present one there.

    Raises:
        CallError: `schedule_wrong`, a cron expression that is none.
    """
    told = yaml.safe_load(files("deployments").joinpath("prefect.yaml").read_text(encoding="utf-8"))
    return [_wanted(one, settings) for one in told["deployments"]]


def _wanted(told: dict[str, Any], settings: Settings) -> Wanted:
    file, _, name = told["entrypoint"].partition(":")
    limit = told.get("concurrency_limit") or {}
    strategy = limit.get("collision_strategy")
    return Wanted(
        name=told["name"],
        entrypoint=f"{file.removesuffix('.py').replace('/', '.')}.{name}",
        description=told["description"],
        parameters={"parameters": {"config": str(settings.file)}},
        schedules={one["slug"]: _schedule(one["slug"], settings) for one in told.get("schedules", ())},
        limit=limit.get("limit"),
        collision=None if strategy is None else ConcurrencyLimitStrategy(strategy),
        work_pool=told["work_pool"]["name"],
    )


def _schedule(slug: str, settings: Settings) -> CronSchedule:
    cron = getattr(settings.schedule, slug)
    try:
        return CronSchedule(cron=cron, timezone=settings.timezone)
    except ValueError:
        raise CallError("schedule_wrong", file=str(settings.file), key=f"schedule.{slug}", value=cron) from None
