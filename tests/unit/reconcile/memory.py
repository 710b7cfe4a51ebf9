"""Names rows through several runs without a warehouse: what `remembered` keeps there, kept in a list."""

from __future__ import annotations

from okr.reconcile.naming import Earlier, Holder, Known, Named, Saying, name_rows
from schemas.normal import fold_text

HOLDER = Holder("units", "市场部", "2026Q4", "")


class Memory:
    """What runs said of one kind, and under which names."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.before: list[Earlier] = []
        self.ids: dict[str, str] = {}
        self.homes: dict[str, str] = {}

    def run(self, rows: list[Saying], stated: dict[int, str] | None = None) -> list[Named]:
        known = Known(dict(self.ids), lambda ids: {thing: self.homes[thing] for thing in ids})
        named = name_rows(self.kind, rows, self.before, lambda: known, stated)
        for saying, name in zip(rows, named, strict=True):
            assert self.ids.setdefault(name.source_id, name.id) == name.id
            self.homes[name.id] = saying.holder.person_id if self.kind == "objective" else saying.home
        self.before = [
            Earlier(name.id, name.source_id, bool(saying.stated), saying)
            for saying, name in zip(rows, named, strict=True)
        ]
        assert len({name.id for name in named}) == len(named), "two things share an id"
        return named

    def names(self, *titles: str) -> list[str]:
        """Run over Os or KRs of these titles; return their ids."""
        return [name.id for name in self.run([said(title) for title in titles])]


def said(title: str, home: str = "", *, scope: str = "a.xlsx", person: str = "", stated: str | None = None) -> Saying:
    holder = HOLDER._replace(person_id=person)
    return Saying(holder, home, scope, fold_text(title), title, "", stated)


def asked(party: str, point: str = "", *, kr: str = "K", meant: str | None = None) -> Saying:
    return Saying(HOLDER, kr, "a.xlsx", meant or fold_text(party), point, fold_text(party))
