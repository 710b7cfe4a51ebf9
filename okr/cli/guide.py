"""What `--help` prints: all commands in groups, or one command with its options."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from okr.cli.commands import ALL, GROUPS, families, members
from okr.cli.speech import say, sayable
from okr.cli.tables import line
from okr.cli.width import padded, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cyclopts import Argument

    from okr.cli.commands import Command

WIDEST = 100


def show_all() -> None:
    """All commands, in the groups that a person's work falls into."""
    lines = [*_wrapped(say("cli.about")), "", say("cli.usage_all"), ""]
    for group in GROUPS:
        names = [n for n in families() if any(c.group == group for c in _commands(n))]
        if names:
            lines += [say(f"cli.group.{group}")]
            lines += _pairs((name, say(f"cli.command.{name}.summary")) for name in names)
            lines += [""]
    lines += [say("cli.group.everywhere")]
    names = ("config", "lang", "help", "version")
    lines += _pairs((f"--{name}", say(f"cli.option.{name}")) for name in names)
    lines += ["", *_wrapped(say("cli.first_steps"))]
    _print(lines)


def show_family(family: str) -> None:
    """A command that only has subcommands."""
    lines = [
        say("cli.usage", call=f"okr {family} …"),
        "",
        *_wrapped(say(f"cli.command.{family}.help")),
        "",
    ]
    known = members(family)
    lines += _pairs((c.name, say(f"cli.command.{c.key}.summary")) for c in known)
    lines += ["", *_wrapped(say("cli.more_help", command=family))]
    _print(lines)


def show(command: Command) -> None:
    """One command: how to call it, what it does, what it takes."""
    known = taken(command)
    words = [a for a in known if a.field_info.is_positional]
    options = [a for a in known if not a.field_info.is_positional]
    call = " ".join(["okr", command.name, *map(_shape, words), say("cli.options_shape")])
    lines = [say("cli.usage", call=call), "", *_wrapped(say(f"cli.command.{command.key}.help")), ""]
    if words:
        lines += [say("cli.group.words")]
        lines += _pairs((_shape(a).strip("[]"), _meaning(command, a)) for a in words)
        lines += [""]
    lines += [say("cli.group.options")]
    pairs = [(_shape(a), _meaning(command, a)) for a in options]
    lines += _pairs([*pairs, ("--help", say("cli.option.help"))])
    examples = f"cli.command.{command.key}.examples"
    if sayable(examples):
        lines += [
            "",
            say("cli.group.examples"),
            *(f"  {line}" for line in say(examples).split("\n")),
        ]
    _print(lines)


def taken(command: Command) -> list[Argument]:
    """What a command takes, in the order in which it is explained."""
    from okr.cli.usage import arguments  # noqa: PLC0415 - cyclopts; not needed for the list of all

    return [argument for argument in arguments(command) if argument.parse and argument.show]


def option_code(command: Command, argument: Argument) -> str:
    """The code of the text that explains an option of a command."""
    name = argument.name.lstrip("-").lower()
    own = f"cli.option.{command.key}.{name}"
    return own if sayable(own) else f"cli.option.{name}"


def _commands(name: str) -> list[Command]:
    return [c for c in ALL if c.name == name or c.name.startswith(f"{name} ")]


def _meaning(command: Command, argument: Argument) -> str:
    return say(option_code(command, argument))


def _shape(argument: Argument) -> str:
    """How a word or an option is written: `SOURCE`, `[DIR]`, `--format table|json|csv`."""
    choices = "|".join(argument.get_choices() or ())
    name = argument.name
    if argument.field_info.is_positional:
        shape = choices or name.lstrip("-").upper()
        return shape if argument.required else f"[{shape}]"
    if argument.hint is bool or argument.token_count()[0] == 0:
        return name
    value = choices or say(f"cli.value.{name.lstrip('-')}")
    several = "…" if argument.token_count()[1] else ""
    return f"{name} {value}{several}"


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Names in a column, their meaning beside it, or below where a name is long."""
    known = list(pairs)
    left = min(max((width(name) for name, _ in known), default=0), 26) + 4
    lines: list[str] = []
    for name, meaning in known:
        head = padded(f"  {name}", left)
        told = wrapped(meaning, max(30, _columns() - left))
        if width(head) > left - 2 and width(name) > 26:
            lines += [head, *(" " * left + line for line in told)]
        else:
            lines += [head + told[0], *(" " * left + line for line in told[1:])]
    return lines


def _wrapped(text: str) -> list[str]:
    return wrapped(text, _columns())


def _columns() -> int:
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)


def _print(lines: list[str]) -> None:
    for told in lines:
        line(told)
