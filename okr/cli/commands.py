"""The commands by name: in which group the help shows them, and where their function stands.

The order is the order of the help. Texts: `cli.command.<name>.summary` (one line) and
`cli.command.<name>.help`; of options `cli.option.<command>.<option>`, else `cli.option.<option>`.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("look", "prepare", "decide", "deliver", "operate")


@dataclass(frozen=True)
class Command:
    """A command: its name (of a subcommand, both words), its group, its function."""

    name: str
    group: str
    module: str
    function: str

    @property
    def key(self) -> str:
        """The name as it stands in codes of texts: `decide.take-back`."""
        return self.name.replace(" ", ".")


ALL = (
    Command("gaps", "look", "okr.cli.gaps", "gaps"),
    Command("coverage", "look", "okr.cli.figures", "coverage"),
    Command("handshakes", "look", "okr.cli.figures", "handshakes"),
    Command("meetings", "look", "okr.cli.figures", "meetings"),
    Command("why", "look", "okr.cli.why", "why"),
    Command("quarantine", "look", "okr.cli.quarantine", "quarantine"),
    Command("identities", "look", "okr.cli.identities", "identities"),
    Command("explain", "look", "okr.cli.explain", "explain"),
    Command("sync", "prepare", "okr.cli.sync", "sync"),
    Command("prepare", "prepare", "okr.cli.prepare", "prepare"),
    Command("template", "prepare", "okr.cli.template", "template"),
    Command("decide delivery", "decide", "okr.cli.decide", "delivery"),
    Command("decide identity", "decide", "okr.cli.identities", "identity"),
    Command("decide show", "decide", "okr.cli.held", "show"),
    Command("decide conflict", "decide", "okr.cli.differing", "conflict"),
    Command("decide list", "decide", "okr.cli.decide", "standing"),
    Command("decide take-back", "decide", "okr.cli.decide", "take_back"),
    Command("plan", "deliver", "okr.cli.plan", "plan"),
    Command("apply", "deliver", "okr.cli.plan", "apply"),
    Command("deliver", "deliver", "okr.cli.deliver", "deliver"),
    Command("nightly", "operate", "okr.cli.nightly", "nightly"),
    Command("serve", "operate", "okr.cli.serve", "serve"),
    Command("login-link", "operate", "okr.cli.serve", "login_link"),
    Command("demo", "operate", "okr.cli.demo", "demo"),
    Command("init", "operate", "okr.cli.init", "init"),
    Command("check", "operate", "okr.cli.check", "check"),
)

BY_NAME = {command.name: command for command in ALL}


def families() -> list[str]:
    """The first words of all commands, each once: what may stand behind `okr`."""
    return list(dict.fromkeys(command.name.split(" ")[0] for command in ALL))


def members(family: str) -> list[Command]:
    """The subcommands of a family of commands, such as `decide`; none for a plain command."""
    return [command for command in ALL if command.name.startswith(f"{family} ")]
