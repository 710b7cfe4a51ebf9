"""How long checks and normal forms take: `python -m benchmarks.schemas_bench [ROWS]`."""

from __future__ import annotations

import resource
import sys
import time
from zoneinfo import ZoneInfo

import polars as pl

from schemas import validate

ZONE = ZoneInfo("Asia/Shanghai")
LIMIT = 2.5  # seconds for 1,000,000 rows


def key_results(rows: int) -> pl.DataFrame:
    """Clean KRs as a CSV gives them: 16 columns of text, and where each row comes from."""
    number = pl.int_range(rows)

    def two(n: pl.Expr) -> pl.Expr:
        return n.cast(pl.String).str.zfill(2)

    day = pl.format("2026-{}-{}", two(number % 12 + 1), two(number % 28 + 1))
    clock = pl.format("{}:{}:{}", two(number % 24), two(number % 60), two(number // 60 % 60))
    return pl.select(
        kr_id=pl.format("KR-{}", number),
        objective_id=pl.format("O-{}", number // 4),
        ordinal=(number % 4 + 1).cast(pl.String),
        title=pl.format("将华东区域第 {} 家重点客户的续约率提升到 {}%", number, number % 100),
        owner_ids=pl.format("P{}", number % 9973),
        member_ids=pl.format("P{};P{}", number % 7919, number % 6007),
        due_on=day,
        confidence=(number % 101 / 100).cast(pl.String),
        progress=pl.format("{}%", number % 140),
        metric=pl.lit("续约率"),
        comparator=pl.lit(">="),
        baseline=(number % 50).cast(pl.String),
        target=(number % 100).cast(pl.String),
        measure_unit=pl.lit("%"),
        weight=pl.lit("0.25"),
        updated_at=pl.format("{}T{}+08:00", day, clock),
        scope=pl.lit("key_results"),
        part=pl.lit("key_results"),
        place=pl.format("key_results.csv:{}", number + 2),
    )


def spoilt(frame: pl.DataFrame) -> pl.DataFrame:
    """The same with a bad value in every twentieth row, of every kind in turn."""
    kinds = {
        "objective_id": "O;1",
        "member_ids": "P1;P|2",
        "due_on": "2026-02-30",
        "confidence": "高",
        "progress": "-5%",
        "comparator": "≥",
        "target": "5 万",
        "updated_at": "昨天",
    }
    row = pl.int_range(pl.len())
    return frame.with_columns(
        pl.when((row % 20 == 7) & (row // 20 % len(kinds) == number))
        .then(pl.lit(bad))
        .otherwise(pl.col(name))
        .alias(name)
        for number, (name, bad) in enumerate(kinds.items())
    )


def seconds(frame: pl.DataFrame, times: int = 3) -> float:
    """The best of some times, in seconds: other programs only ever make it slower."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        validate("key_results", frame, source="bench", zone=ZONE)
        found.append(time.perf_counter() - start)
    return min(found)


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(rows: int) -> None:
    """Print a line for clean rows and one for 5 % bad ones."""
    frame = key_results(rows)
    clean = seconds(frame)
    limit = LIMIT * rows / 1_000_000
    print(f"schemas, clean:   {rows:>9,} rows {clean:6.2f} s (limit {limit:.2f}) {peak():6,.0f} MB")
    bad = seconds(spoilt(frame))
    limit = clean * 1.5
    print(f"schemas, 5 % bad: {rows:>9,} rows {bad:6.2f} s (limit {limit:.2f}) {peak():6,.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
