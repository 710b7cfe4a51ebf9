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
