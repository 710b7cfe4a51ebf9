"""Two languages side by side: the reader's first, the other beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr.reconcile.rulebook import told
from okr.texts import text
from okr.texts.values import tame

if TYPE_CHECKING:
    from okr.publish.audience import Row, Viewer
    from okr.texts import Language

LONGEST = 32_767
"""Characters that a cell of a workbook takes."""


@dataclass(frozen=True)
class Speech:
    """In which language a file speaks first. A file whose reader nobody knows speaks Chinese first."""

    first: Language = "zh"

    @property
    def other(self) -> Language:
        """The language beside."""
        return "en" if self.first == "zh" else "zh"

    def say(self, code: str, **values: object) -> str:
        """A sentence in the first language (text `pack.<code>`)."""
        return text(f"pack.{code}", self.first, **values)

    def beside(self, code: str, **values: object) -> str:
        """The same sentence in the other language."""
        return text(f"pack.{code}", self.other, **values)

    def both(self, code: str, between: str = "\n", **values: object) -> str:
        """A sentence in both languages; once, where they are the same."""
        one, two = self.say(code, **values), self.beside(code, **values)
        return one if one == two else f"{one}{between}{two}"

    def called(self, thing: Row | None, viewer: Viewer) -> str:
        """An O or KR by its label and, where the viewer may see it, its title."""
        return "" if thing is None else told(as_detail(thing, viewer), self.first)

    def words(self, thing: Row | None, viewer: Viewer) -> str:
        """The title of an O or KR; where the viewer may not see it, its label and that it is not public."""
        if thing is None:
            return ""
        if shows(thing, viewer):
            return thing["title"] or ""
        return told(as_detail(thing, viewer), self.first)


def shows(thing: Row, viewer: Viewer) -> bool:
    """Whether the viewer may see what an O or KR says; what is masked nobody sees."""
    return not thing["masked"] and viewer.may_see(thing["objective_id"])


def as_detail(thing: Row, viewer: Viewer) -> dict[str, object]:
    """An O or KR as gaps speak of it."""
    seen = shows(thing, viewer)
    return {"label": thing["label"], "title": thing["title"] if seen else None, "hidden": not seen}


def clean(value: object) -> str:
    """Text for a cell or a page: nothing that moves a cursor or turns reading around, not longer than a cell takes."""
    known = tame("" if value is None else str(value))
    return known if len(known) <= LONGEST else f"{known[: LONGEST - 1]}…"
