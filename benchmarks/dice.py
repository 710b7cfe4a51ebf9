"""What made-up enterprises are made of: numbers that look random, words, ids, tables."""

from __future__ import annotations

from zlib import crc32

import polars as pl

TEXT = (
    "客户交付渠道平台质量成本产线数据安全服务研发供应市场人才流程品牌"
    "合规结算仓储物流算法终端云端门店伙伴售后采购测试运维报表培训预算"
)
WORDS = [TEXT[start : start + 2] for start in range(0, len(TEXT), 2)]
VERBS = ["做稳", "建成", "打通", "理顺", "拓展", "夯实", "盘活", "补齐"]


class Dice:
    """Numbers that look random and depend on nothing but seed, name and row number."""

    def __init__(self, seed: int, density: float) -> None:
        self.seed = seed
        self.density = density

    def number(self, name: str, of: pl.Expr, below: int | pl.Expr) -> pl.Expr:
        """A whole number from 0 up to `below` for each value of `of`."""
        return (of.hash(crc32(name.encode()) ^ self.seed) % below).cast(pl.Int64)

    def share(self, name: str, of: pl.Expr) -> pl.Expr:
        """A fraction from 0 to 1 for each value of `of`."""
        return self.number(name, of, 1_000_003) / 1_000_003

    def fault(self, name: str, of: pl.Expr, times: float = 1.0) -> pl.Expr:
        """True for `times` × density of the values of `of`."""
        return self.share(name, of) < self.density * times


def words(of: pl.Expr) -> pl.Expr:
    """A phrase that no other number has (below 32**4), without a digit."""
    all_words = pl.Series(WORDS)

    def digit(place: int) -> pl.Expr:
        digits = (of * 40_503 % 32**4 // 32**place) % 32  # odd, so no two numbers meet
        return digits.replace_strict(list(range(32)), all_words, return_dtype=pl.String)

    return pl.concat_str(*(digit(place) for place in range(4)))


def ids(kind: str, of: pl.Expr) -> pl.Expr:
    return pl.lit(kind) + of.cast(pl.String)


def table(rows: int, **columns: pl.Expr) -> pl.DataFrame:
    return pl.select(i=pl.int_range(rows, dtype=pl.Int64)).select(
        *(expression.alias(name) for name, expression in columns.items())
    )


def times(of: pl.Expr) -> pl.Expr:
    return of.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
