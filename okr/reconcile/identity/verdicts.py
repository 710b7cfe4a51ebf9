"""What ops mapped and people decided: the same, or not the same; it wins over everything that is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from okr.report import Report


class Decided(Protocol):
    """A decision, as much of it as is read here (see `okr.ledger.Decision`)."""

    @property
    def entry_id(self) -> int:  # noqa: D102 (see there)
        ...
    @property
    def kind(self) -> str:  # noqa: D102 (see there)
        ...
    @property
    def decision(self) -> str:  # noqa: D102 (see there)
        ...
    @property
    def details(self) -> dict[str, Any]:  # noqa: D102 (see there)
        ...


class Mapped(Protocol):
    """A line of the mapping table, as much of it as is read here (see `okr.settings.identities`)."""

    @property
    def kind(self) -> str:  # noqa: D102 (see there)
        ...
    @property
    def id(self) -> str:  # noqa: D102 (see there)
        ...
    @property
    def source(self) -> str | None:  # noqa: D102 (see there)
        ...
    @property
    def source_id(self) -> str:  # noqa: D102 (see there)
        ...


class End(NamedTuple):
    """A thing as somebody named it: an id, and where it matters whose."""

    id: str
    source: str | None = None


class Verdict(NamedTuple):
    """Two things are the same, or not. `how`: `decided` or `mapping`; `entry` is the decision's number."""

    a: End
    b: End
    same: bool
    how: str
    entry: int | None = None


def verdicts(decisions: Iterable[Decided], mapping: Iterable[Mapped], order: Sequence[str]) -> dict[str, list[Verdict]]:
    """Return by kind what was decided, the strongest first: the latest decision, ..., the mapping table.

    Args:
        decisions: those that stand, newest last; of two about the same pair the later one counts.
        mapping: the lines of the table.
        order: the sources by precedence; of one id of two sources that are two things the first keeps it.
    """
    found: dict[str, dict[frozenset[End], Verdict]] = {}
    for one in reversed([one for one in decisions if one.kind == "identity"]):
        told = one.details
        try:
            a, b = (End(str(told[end]["id"]), told[end].get("source")) for end in ("a", "b"))
            kind = str(told["kind"])
        except (KeyError, TypeError, AttributeError):  # an entry that another program wrote
            continue
        if a.id == b.id and a.source and b.source and order.index(a.source) > order.index(b.source):
            a, b = b, a
        verdict = Verdict(a, b, one.decision == "same", "decided", one.entry_id)
        found.setdefault(kind, {}).setdefault(frozenset((a, b)), verdict)
    for line in mapping:
        a, b = End(line.id), End(line.source_id, line.source)
        if a.id != b.id:
            found.setdefault(line.kind, {}).setdefault(frozenset((a, b)), Verdict(a, b, same=True, how="mapping"))
    return {kind: list(by_pair.values()) for kind, by_pair in found.items()}


@dataclass
class Overlay:
    """What verdicts make of the ids of one kind.

    Attributes:
        renamed: source (empty: all), own id, the id that it means, how.
        different: pairs of canonical ids that were decided to be two things.
        confirmed: ids of which somebody said that all sources mean the same thing by them.
    """

    renamed: list[tuple[str, str, str, str]] = field(default_factory=list)
    different: set[frozenset[str]] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)


def overlay(
    found: Sequence[Verdict],
    joined: Mapping[str, str],
    order_of: Callable[[list[str]], Mapping[str, tuple[Any, ...]]],
    report: Report,
) -> Overlay:
    """Lay verdicts over what was joined.

    Args:
        found: of one kind, the strongest first.
        joined: own ids and the ids that they mean, where that is another.
        order_of: returns for ids of things the key by which the first seen is found; ids that nobody knows are not
            among them.
        report: told of verdicts that contradict stronger ones, and of ids that nobody knows.
    """
    laying = _Laying(found, joined)
    laying.take_apart()
    laying.put_together(order_of, report)
    return laying.made


class _Laying:
    """Verdicts of one kind on their way over what was joined."""

    def __init__(self, found: Sequence[Verdict], joined: Mapping[str, str]) -> None:
        self._found, self._joined = found, joined
        self._apart: dict[End, str] = {}
        self._alone: set[str] = set()
        self.made = Overlay()

    def _thing(self, end: End) -> str:
        """Return which thing somebody means, once what is not the same was taken apart."""
        own = self._apart.get(end, end.id)
        return own if own in self._alone else self._joined.get(own, own)

    def take_apart(self) -> None:
        """Let ids stand for themselves that were found to be another's, and tell one id of two sources apart."""
        for one in self._found:
            if one.same:
                continue
            a, b = one.a.id, one.b.id
            if a == b:
                if one.b.source:
                    self._apart[one.b] = f"{one.b.source}:{b}"
            elif self._joined.get(a, a) == self._joined.get(b, b):
                self._alone.add(b if b in self._joined else a)
        pairs = {frozenset((self._thing(one.a), self._thing(one.b))) for one in self._found if not one.same}
        self.made.different = {pair for pair in pairs if len(pair) == 2}

    def put_together(self, order_of: Callable[[list[str]], Mapping[str, tuple[Any, ...]]], report: Report) -> None:
        """Join what was said to be the same, under the id that was seen first."""
        known = order_of(sorted({self._thing(end) for one in self._found for end in (one.a, one.b)}))
        together: dict[str, frozenset[str]] = {}
        how: dict[str, str] = {}
        for one in self._found:
            if not one.same:
                continue
            if one.a.id == one.b.id:
                self.made.confirmed.add(one.a.id)
                continue
            a, b = self._thing(one.a), self._thing(one.b)
            if strange := [end.id for end, said in ((one.a, a), (one.b, b)) if said not in known]:
                report.note("identity_unknown", ids=strange)
                continue
            both = together.get(a, frozenset({a})) | together.get(b, frozenset({b}))
            if any(pair <= both for pair in self.made.different):
                report.note("identity_contradicted", a=one.a.id, b=one.b.id)
                continue
            together |= dict.fromkeys(both, both)
            for said in (a, b):
                how.setdefault(said, one.how)
        self._rename({said: min(both, key=known.__getitem__) for said, both in together.items()}, how)

    def _rename(self, first: Mapping[str, str], how: Mapping[str, str]) -> None:
        target = {said: to for said, to in first.items() if said != to}
        own_ids: dict[str, list[str]] = {}
        for own, said in self._joined.items():
            own_ids.setdefault(said, []).append(own)
        renamed = self.made.renamed
        for said, to in target.items():
            own = [one for one in own_ids.get(said, ()) if one not in self._alone]
            renamed += [("", one, to, how[said]) for one in (said, *own)]
        renamed += [("", own, own, "decided") for own in sorted(self._alone) if own not in target]
        renamed += [(end.source or "", end.id, target.get(own, own), "decided") for end, own in self._apart.items()]
        pairs = {frozenset(target.get(said, said) for said in pair) for pair in self.made.different}
        self.made.different = {pair for pair in pairs if len(pair) == 2}


def contradicting(standing: Iterable[tuple[int, End, End, bool]], pair: tuple[End, End], *, same: bool) -> list[int]:
    """Return the decisions that, taken together, say otherwise of two things; none where it goes well with all.

    Args:
        standing: number, both things, whether they are the same; newest last. Of one pair the last one counts, and
            what stands of the very pair gives way.
        pair: the two things.
        same: what is to be decided of them.
    """
    import networkx as nx  # noqa: PLC0415 (it takes a while to import)

    last = {frozenset((a, b)): (entry, is_same) for entry, a, b, is_same in standing}
    last.pop(frozenset(pair), None)
    one = nx.Graph()
    one.add_nodes_from(pair)
    for ends, (entry, is_same) in last.items():
        if is_same and len(ends) == 2:
            one.add_edge(*ends, entry=entry)
    asked = [(pair, None)] if not same else []
    if same:
        one.add_edge(*pair, entry=None)
        asked = [(tuple(ends), entry) for ends, (entry, is_same) in last.items() if not is_same and len(ends) == 2]
    for (a, b), entry in asked:
        if a in one and b in one and nx.has_path(one, a, b):
            path = nx.shortest_path(one, a, b)
            steps = [one.edges[x, y]["entry"] for x, y in pairwise(path)]
            return sorted({step for step in (*steps, entry) if step is not None})
    return []
