"""What ops mapped and people decided: the same, or not the same; it wins over everything that is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

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
    made = Overlay()
    apart: dict[End, str] = {}
    alone: set[str] = set()
    for one in found:
        if one.same:
            continue
        if one.a.id == one.b.id:
            if one.b.source:
                apart[one.b] = f"{one.b.source}:{one.b.id}"
        elif joined.get(one.a.id, one.a.id) == joined.get(one.b.id, one.b.id):
            alone.add(one.b.id if one.b.id in joined else one.a.id)

    def thing(end: End) -> str:
        own = apart.get(end, end.id)
        return own if own in alone else joined.get(own, own)

    made.different = {frozenset((thing(one.a), thing(one.b))) for one in found if not one.same}
    known = order_of(sorted({thing(end) for one in found for end in (one.a, one.b)}))
    together: dict[str, set[str]] = {}
    how: dict[str, str] = {}
    for one in found:
        if not one.same:
            continue
        if one.a.id == one.b.id:
            made.confirmed.add(one.a.id)
            continue
        a, b = thing(one.a), thing(one.b)
        strange = [end.id for end, said in ((one.a, a), (one.b, b)) if said not in known]
        if strange:
            report.note("identity_unknown", ids=strange)
            continue
        mine, theirs = together.get(a, {a}), together.get(b, {b})
        if any(frozenset((x, y)) in made.different for x in mine for y in theirs):
            report.note("identity_contradicted", a=one.a.id, b=one.b.id)
            continue
        both = mine | theirs
        together |= dict.fromkeys(both, both)
        for said in (a, b):
            how.setdefault(said, one.how)
    own_ids: dict[str, list[str]] = {}
    for own, said in joined.items():
        own_ids.setdefault(said, []).append(own)
    target: dict[str, str] = {}
    for both in {frozenset(members) for members in together.values()}:
        first = min(both, key=lambda said: known[said])
        for said in both - {first}:
            target[said] = first
            for own in (said, *own_ids.get(said, ())):
                if own not in alone or own == said:
                    made.renamed.append(("", own, first, how[said]))
    made.renamed += [("", own, own, "decided") for own in sorted(alone) if own not in target]
    made.renamed += [(end.source or "", end.id, target.get(own, own), "decided") for end, own in apart.items()]
    made.different = {frozenset(target.get(said, said) for said in pair) for pair in made.different}
    made.different = {pair for pair in made.different if len(pair) == 2}
    return made


def contradicting(standing: Iterable[tuple[int, End, End, bool]], pair: tuple[End, End], *, same: bool) -> list[int]:
    """Return the decisions that, taken together, say otherwise of two things; none where it goes well with all.

    Args:
        standing: number, both things, whether they are the same; newest last. Of one pair the last one counts, and
            what stands of the very pair gives way.
        pair: the two things.
        same: what is to be decided of them.
    """
    import networkx  # noqa: PLC0415 (it takes a while to import)

    last = {frozenset((a, b)): (entry, is_same) for entry, a, b, is_same in standing}
    last.pop(frozenset(pair), None)
    one = networkx.Graph()
    one.add_nodes_from(pair)
    for ends, (entry, is_same) in last.items():
        if is_same and len(ends) == 2:
            one.add_edge(*ends, entry=entry)
    asked = [(pair, None)] if not same else []
    if same:
        one.add_edge(*pair, entry=None)
        asked = [(tuple(ends), entry) for ends, (entry, is_same) in last.items() if not is_same and len(ends) == 2]
    for (a, b), entry in asked:
        if a in one and b in one and networkx.has_path(one, a, b):
            path = networkx.shortest_path(one, a, b)
            steps = [one.edges[x, y]["entry"] for x, y in zip(path, path[1:], strict=False)]
            return sorted({step for step in (*steps, entry) if step is not None})
    return []
