"""A command's own words: bound to its function by cyclopts, told in ours where they are wrong."""

from __future__ import annotations

import functools
import importlib
from itertools import chain
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from cyclopts import App, Parameter
from cyclopts.exceptions import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from okr.cli.start import nearest
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cyclopts import ArgumentCollection

    from okr.cli.commands import Command


def app(command: Command) -> App:
    """The command as cyclopts sees it. Help and version are ours: they come in two languages."""
    made = App(
        name=("okr", command.name)[1],
        help_flags=[],
        version_flags=[],
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    made.default(getattr(importlib.import_module(command.module), command.function))
    return made


def arguments(command: Command) -> ArgumentCollection:
    """Everything that a command takes."""
    return app(command).assemble_argument_collection()


def bound(command: Command, tokens: list[str]) -> Callable[[], int]:
    """The command with what the call gives it, ready to run.

    Raises:
        CycloptsError: the call does not fit.
    """
    function, given, _ = app(command).parse_args(tokens, print_error=False, exit_on_error=False)
    return functools.partial(function, *given.args, **given.kwargs)


def in_our_words(  # noqa: PLR0911 - one return for each kind of error
    error: CycloptsError, command: Command
) -> CallError:
    """What is wrong with the call, as a code of ours; always with the command to look up."""
    match error:
        case UnknownOptionError():
            said = (error.token.keyword or error.token.value).split("=")[0]
            names = list(chain.from_iterable(a.names for a in error.argument_collection if a.parse))
            options = [name for name in names if name.startswith("--")]
            return _call("unknown_option", command, option=said, nearest=nearest(said, options))
        case CoercionError() if get_origin(error.target_type) is Literal and error.token:
            choices = [str(choice) for choice in get_args(error.target_type)]
            near = nearest(error.token.value, choices)
            values = {"value": error.token.value, "choices": choices, "nearest": near}
            return _call("not_a_choice", command, option=_name(error), **values)
        case CoercionError() if error.token:
            values = {"option": _name(error), "value": error.token.value}
            return _call("value_unreadable", command, **values)
        case MissingArgumentError():
            return _call("argument_missing", command, option=error.keyword or _name(error))
        case RepeatArgumentError():
            return _call("option_twice", command, option=error.token.keyword)
        case UnusedCliTokensError():
            return _call("too_many_words", command, words=error.unused_tokens)
        case _:
            error.verbose = False
            return _call("usage_wrong", command, reason=str(error))


def _call(code: str, command: Command, **values: object) -> CallError:
    return CallError(code, command=command.name, **values)


def _name(error: CycloptsError) -> str:
    token = getattr(error, "token", None)
    if token is not None and token.keyword:
        return token.keyword
    if error.argument is None:
        return "?"
    name = error.argument.name
    return name if name.startswith("--") else name.upper()
