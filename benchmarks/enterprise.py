"""Enterprises of any size, made up: a folder of tables with a stated density of gaps.

The shape is that of a large company. Units form a tree of at most six levels. Each unit has four
Os of its own (one of the year, three of the quarter) and six people with an O each; each O has
three or four KRs, so that there are 35 KRs for each unit. Every KR is carried from below, every O
carries something above it, a KR in seven needs another unit. Then things go wrong: `density` is the
share of things that have each kind of fault.

Everything is computed on whole columns from hashes of row numbers, so that the same numbers always
give the same enterprise and a million KRs take seconds.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.dice import VERBS, Dice, ids, table, times, words

if TYPE_CHECKING:
    from collections.abc import Sequence

OBJECTIVES = 10  # of each unit: one of the year, three of the quarter, six of its people
KRS = 35  # of each unit
PEOPLE = 10  # in each unit; the first one leads it
LEVELS = 6

SETTINGS = """\
period = "2026Q4"
timezone = "Asia/Shanghai"
now = 2026-11-20T08:00:00+08:00

[warehouse]
path = "warehouse.duckdb"

[sources.planning]
kind = "tables"
path = "planning"
"""

_EARLY = datetime(2026, 9, 20, 2, 0, tzinfo=UTC)
_LINKED = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
_ANSWERED = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
_LATE = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)


def fan_out(units: int) -> int:
    """How many children a unit has, so that the tree has at most `LEVELS` levels."""
    for children in range(2, units + 2):
        if sum(children**level for level in range(LEVELS)) >= units:
            return children
    return 1


def _first_kr(objective: pl.Expr) -> pl.Expr:
    """The number of an O's first KR: Os with even numbers have three KRs, the others four."""
    return objective // 2 * 7 + objective % 2 * 3


def org_units(units: int) -> pl.DataFrame:
    """A tree in which every unit but those at the rim has the same number of children."""
    i, children = pl.col("i"), fan_out(units)
    return table(
        units,
        unit_id=ids("U", i),
        name=words(i) + "部",
        parent_id=pl.when(i > 0).then(ids("U", (i - 1) // children)),
        leader_id=ids("P", i * PEOPLE),
        active=pl.lit("true"),
    )


def people(units: int, dice: Dice) -> pl.DataFrame:
    """Ten in each unit; a few have left."""
    i = pl.col("i")
    gone = dice.fault("person gone", i, 0.2) & (i % PEOPLE > 0)
    return table(
        units * PEOPLE,
        person_id=ids("P", i),
        name=pl.lit("员工") + i.cast(pl.String),
        email=pl.lit("p") + i.cast(pl.String) + "@example.com",
        unit_id=ids("U", i // PEOPLE),
        active=pl.when(gone).then(pl.lit("false")).otherwise(pl.lit("true")),
    )


def periods() -> pl.DataFrame:
    """The year and its quarters."""
    quarters = [(1, "01-01", "03-31"), (2, "04-01", "06-30"), (3, "07-01", "09-30")]
    quarters.append((4, "10-01", "12-31"))
    rows = [(f"2026Q{n}", f"2026-{start}", f"2026-{end}", "2026") for n, start, end in quarters]
    rows.append(("2026", "2026-01-01", "2026-12-31", ""))
    columns = ["period_id", "starts_on", "ends_on", "parent_period_id"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(name="period_id")


def _owner(dice: Dice, unit: pl.Expr, of: pl.Expr, kind: str, usual: pl.Expr) -> pl.Expr:
    """Somebody of the unit, or nobody, or two, or somebody who is not known, or a stranger."""
    other = ids("P", unit * PEOPLE + dice.number(f"{kind} second", of, PEOPLE))
    stranger = ids("P", of * 7919 % (pl.len() * PEOPLE // 40).clip(1))
    return (
        pl.when(dice.fault(f"{kind} no owner", of, 0.5)).then(pl.lit(None, pl.String))
        .when(dice.fault(f"{kind} owners", of, 0.5)).then(usual + ";" + other)
        .when(dice.fault(f"{kind} owner gone", of, 0.3)).then(ids("GONE", of))
        .when(dice.fault(f"{kind} stranger", of, 0.3)).then(stranger)
        .otherwise(usual)
    )  # fmt: skip


def _holder(objective: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The unit of an O, and its place among the Os of that unit."""
    return objective // OBJECTIVES, objective % OBJECTIVES


def objectives(krs: int, dice: Dice) -> pl.DataFrame:
    """Ten of each unit, as the module's text says."""
    i = pl.col("i")
    unit, place = _holder(i)
    own = place < 4
    draft = dice.fault("draft", i, 0.2)
    person = ids("P", unit * PEOPLE + place - 3)
    # A person's O repeats a KR of the unit word for word: the inferred links (AL111).
    copied = dice.fault("copied", i, 0.3) & ~own
    verb = dice.number("verb", i, len(VERBS)).replace_strict(list(range(len(VERBS))), VERBS, return_dtype=pl.String)
    number = dice.fault("reads like a kr", i, 0.5)
    return table(
        (krs - 1) // 7 * 2 + ((krs - 1) % 7 >= 3) + 1,
        objective_id=ids("O", i),
        unit_id=ids("U", unit),
        person_id=pl.when(~own).then(person),
        period_id=pl.when(place == 0).then(pl.lit("2026")).otherwise(pl.lit("2026Q4")),
        ordinal=pl.when(own).then(place + 1).otherwise(1),
        title=pl.when(copied)
        .then(_kr_title(_first_kr(unit * OBJECTIVES + 1)))
        .when(number)
        .then(verb + words(i) + "，覆盖率达到60%")
        .otherwise(verb + words(i) + "，让一线不再等待"),
        owner_ids=_owner(
            dice, unit, i, "objective", pl.when(own).then(ids("P", unit * PEOPLE)).otherwise(person)
        ),
        confidence=pl.when(dice.fault("o unsure", i)).then(0.3)
        .when(dice.fault("o no confidence", i)).then(None)
        .otherwise(0.5 + dice.share("o confidence", i) * 0.4).round(2),
        state=pl.when(draft).then(pl.lit("draft")).otherwise(pl.lit("published")),
        content_updated_at=times(pl.lit(_EARLY)),
        updated_at=times(pl.lit(_EARLY)),
        url=pl.lit("https://okr.example.com/o/") + i.cast(pl.String),
    )  # fmt: skip


def _kr_title(kr: pl.Expr) -> pl.Expr:
    return words(kr) + "按时完成率做到" + (60 + kr % 40).cast(pl.String) + "%"


def key_results(krs: int, dice: Dice) -> pl.DataFrame:
    """Three or four under each O."""
    i = pl.col("i")
    in_pair = i % 7
    second = (in_pair >= 3).cast(pl.Int64)
    objective = i // 7 * 2 + second
    unit, place = _holder(objective)
    somebody = pl.when(place < 4).then(unit * PEOPLE + dice.number("kr owner", i, PEOPLE))
    vague = dice.fault("not measurable", i, 0.5)
    named = dice.fault("names a unit", i, 0.3)
    other = (unit + 1 + dice.number("named unit", i, 97)) % (pl.len() // KRS).clip(1)
    measured = dice.share("measured", i) < 0.4
    late = dice.fault("changed late", i, 0.3)
    return table(
        krs,
        kr_id=ids("K", i),
        objective_id=ids("O", objective),
        ordinal=in_pair - 3 * second + 1,
        title=pl.when(vague).then(words(i) + "有明显改善")
        .when(named).then(_kr_title(i) + "，与" + words(other) + "部一起")
        .otherwise(_kr_title(i)),
        owner_ids=_owner(
            dice, unit, i, "kr", ids("P", somebody.fill_null(unit * PEOPLE + place - 3))
        ),
        member_ids=ids("P", unit * PEOPLE + dice.number("member", i, PEOPLE)),
        due_on=pl.when(dice.fault("no due", i, 0.5)).then(None)
        .when(dice.fault("due outside", i, 0.3)).then(pl.lit("2027-01-31"))
        .when(dice.fault("due early", i, 0.3)).then(pl.lit("2026-11-30"))
        .otherwise(pl.lit("2026-12-31")),
        confidence=pl.when(dice.fault("kr unsure", i)).then(0.3)
        .otherwise(0.5 + dice.share("kr confidence", i) * 0.4).round(2),
        progress=dice.share("progress", i).round(2),
        metric=pl.when(measured & ~vague).then(words(i) + "率"),
        comparator=pl.when(measured & ~vague).then(pl.lit(">=")),
        baseline=pl.when(measured & ~vague).then(40.0),
        target=pl.when(measured & ~vague).then(60.0 + i % 40),
        measure_unit=pl.when(measured & ~vague).then(pl.lit("%")),
        content_updated_at=times(
            pl.when(late).then(pl.lit(_LATE)).otherwise(pl.lit(_EARLY))
        ),
        updated_at=times(pl.lit(_LATE)),
        url=pl.lit("https://okr.example.com/k/") + i.cast(pl.String),
    )  # fmt: skip


def _carriers(krs: int, units: int, dice: Dice) -> pl.DataFrame:
    """For each KR of a unit an O below it: of a child, or at the rim of somebody in the unit."""
    i, children = pl.col("i"), fan_out(units)
    unit, place = _holder(i // 7 * 2 + (i % 7 >= 3).cast(pl.Int64))
    below = (pl.lit(units) - 1 - children * unit).clip(0, children)
    child = children * unit + 1 + dice.number("child", i, below.clip(1))
    year = pl.when(place == 0).then(dice.number("slot", i, 4)).otherwise(None)
    slot = year.fill_null(1 + dice.number("slot", i, 3))
    return table(
        krs,
        own=place < 4,
        kr=i,
        objective=pl.when(below > 0).then(child * OBJECTIVES + slot)
        .otherwise(unit * OBJECTIVES + 4 + dice.number("person", i, 6)),
    ).filter("own").select("objective", "kr")  # fmt: skip


def _carried(count: int, units: int, dice: Dice) -> pl.DataFrame:
    """For each O a KR above it: of the parent unit, or of its own where it is a person's."""
    i, children = pl.col("i"), fan_out(units)
    unit, place = _holder(i)
    above = pl.when(place < 4).then((unit - 1) // children).otherwise(unit)
    year = place == 0
    slot = pl.when(year).then(0).otherwise(1 + dice.number("above", i, 3))
    target = _first_kr(above * OBJECTIVES + slot)
    step = dice.number("which", i, 3)
    dropped = dice.fault("dropped", target + step, 1.0)
    kr = target + pl.when(dropped).then((step + 1) % 3).otherwise(step)
    rooted = (unit > 0) | (place >= 4)
    kept = rooted & ~dice.fault("orphan", i, 0.5)
    return table(count, kept=kept, objective=i, kr=kr).filter("kept").select("objective", "kr")


def alignments(krs: int, count: int, units: int, dice: Dice) -> pl.DataFrame:
    """Links from below, less those of dropped KRs, and some that lead to nothing or sideways."""
    objective, kr = pl.col("objective"), pl.col("kr")
    upward = pl.concat([_carriers(krs, units, dice), _carried(count, units, dice)])
    upward = upward.filter((objective < count) & (kr < krs) & ~dice.fault("dropped", kr, 1.0))
    sideways = upward.filter(dice.fault("sideways", objective, 0.2)).select(objective, kr=(kr + KRS) % krs)
    links = pl.concat([upward, sideways]).unique(maintain_order=True)
    dangling = dice.fault("dangling", objective * 31 + kr, 0.3)
    partly = dice.fault("partly", kr, 0.5)
    return links.select(
        objective_id=ids("O", objective),
        parent_kind=pl.lit("kr"),
        parent_id=pl.when(dangling).then(ids("MISSING", kr)).otherwise(ids("K", kr)),
        share=pl.when(partly).then(0.2),
        updated_at=times(pl.lit(_LINKED)),
    )


def handshakes(krs: int, units: int, dice: Dice) -> pl.DataFrame:
    """One KR in seven needs another unit; most requests are answered and planned."""
    i, kr, party, number = pl.col("i"), pl.col("kr"), pl.col("party"), pl.col("number")
    needing = table(krs, kr=i, needs=dice.share("needs", i) < 1 / 7).filter("needs").with_columns(
        unit=kr // KRS, number=pl.int_range(pl.len())
    ).with_columns(
        party=(pl.col("unit") + 1 + dice.number("party", kr, 97)) % units
    )  # fmt: skip
    supporting = _first_kr(party * OBJECTIVES + 1 + dice.number("support", kr, 3))
    silent = dice.fault("unanswered", number, 2)
    clarify = dice.fault("clarify", number)
    refused = dice.fault("refused", number)
    unplanned = dice.fault("unplanned", number)
    answered = ~silent
    unknown = dice.fault("unknown party", number, 0.5)
    return needing.select(
        handshake_id=ids("H", number),
        kr_id=ids("K", kr),
        party=pl.when(unknown).then(pl.lit("外部伙伴") + number.cast(pl.String))
        .when(number % 2 == 0).then(words(party) + "部")
        .otherwise(ids("U", party)),
        point=pl.when(~dice.fault("no point", number)).then(words(kr) + "的接口与验收时间"),
        needed_by=pl.when(dice.fault("needed early", number, 0.5)).then(pl.lit("2026-11-15"))
        .otherwise(pl.lit("2026-12-31")),
        response=pl.when(silent).then(None).when(clarify).then(pl.lit("clarify"))
        .when(refused).then(pl.lit("rejected")).otherwise(pl.lit("accepted")),
        response_reason=pl.when(answered & refused).then(pl.lit("本季没有人手")),
        responded_by=pl.when(answered).then(ids("P", party * PEOPLE)),
        responded_at=pl.when(answered).then(times(pl.lit(_ANSWERED))),
        supporting_kr_id=pl.when(answered & ~clarify & ~refused & ~unplanned)
        .then(ids("K", supporting)),
        content_updated_at=times(pl.lit(_EARLY)),
        updated_at=times(pl.lit(_ANSWERED)),
    )  # fmt: skip


def dependencies(requests: pl.DataFrame, krs: int, dice: Dice) -> pl.DataFrame:
    """What the requests say, and some that nobody asked for."""
    planned = requests.filter(pl.col("supporting_kr_id").is_not_null()).select("kr_id", needs_kr_id="supporting_kr_id")
    i = pl.col("i")
    unasked = table(krs, i=i).filter(dice.fault("unasked", i, 0.3)).select(
        kr_id=ids("K", i), needs_kr_id=ids("K", (i + 3 * KRS) % krs)
    )  # fmt: skip
    both = pl.concat([planned, unasked]).unique(maintain_order=True)
    return both.with_columns(updated_at=times(pl.lit(_LINKED)))


def meetings(units: int) -> pl.DataFrame:
    """The root's and its children's, in December."""
    count = min(units, fan_out(units) + 1)
    i = pl.col("i")
    return table(
        count,
        meeting_id=ids("M", i),
        unit_id=ids("U", i),
        period_id=pl.lit("2026Q4"),
        starts_at=pl.lit("2026-12-1") + (i % 10).cast(pl.String) + "T09:30:00+08:00",
        hrbp_ids=ids("P", i * PEOPLE + 9),
    )


def tables(krs: int, density: float = 0.05, seed: int = 1) -> dict[str, pl.DataFrame]:
    """The canonical tables of an enterprise, their values as text and numbers.

    Args:
        krs: How many KRs it has, at least one.
        density: The share of things that have each kind of fault, 0 to 1.
        seed: Another number gives another enterprise.
    """
    units, dice = -(-krs // KRS), Dice(seed, density)
    os = objectives(krs, dice)
    requests = handshakes(krs, units, dice)
    return {
        "org_units": org_units(units),
        "people": people(units, dice),
        "periods": periods(),
        "objectives": os,
        "key_results": key_results(krs, dice),
        "alignments": alignments(krs, os.height, units, dice),
        "handshakes": requests,
        "dependencies": dependencies(requests, krs, dice),
        "meetings": meetings(units),
    }


def write(folder: Path, krs: int, density: float = 0.05, seed: int = 1) -> Path:
    """Writes an enterprise into `folder`: settings and a folder of CSV files.

    Returns:
        The settings file.
    """
    planning = folder / "planning"
    planning.mkdir(parents=True, exist_ok=True)
    for name, frame in tables(krs, density, seed).items():
        frame.write_csv(planning / f"{name}.csv")
    settings = folder / "okr.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    return settings


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes an enterprise of the size that the command line names."""
    parser = argparse.ArgumentParser(description=write.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--krs", type=int, default=100_000)
    parser.add_argument("--density", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    print(write(asked.folder, asked.krs, asked.density, asked.seed))


if __name__ == "__main__":
    main()
