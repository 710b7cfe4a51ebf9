"""How a flow ends: in a state that says what happened, in words that a person understands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from prefect.states import Failed

from okr.errors import OkrError
from okr.settings import load
from okr.texts import language, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect.client.schemas.objects import State

    from okr.texts import Language


class Asked(Protocol):
    """The parameters of a flow of ours."""

    config: str


Parameters = TypeVar("Parameters", bound=Asked)


def honest(body: Callable[[Parameters], State], parameters: Parameters) -> State:
    """Run a flow's body; one of our errors ends it as Failed with its own sentence, not with a traceback."""
    try:
        return body(parameters)
    except OkrError as error:
        return Failed(message=" ".join(told(error, spoken(parameters.config))))


def spoken(config: str) -> Language:
    """The language that the settings ask for; that of the machine where they cannot be read."""
    try:
        return language(settings_language=load(Path(config)).language)
    except OkrError:
        return language()
