"""What rules read out of texts, on many texts that are hard to read, in one enterprise each."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.rules.cases import Case, Placed, asks, kr, o, person, unit
from tests.rules.oracle import judge
from tests.rules.program import differences, expected_of, said, sync

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = [
    *"0123456789", *"０５９", *"٣५๙", *"①②½²", *".。．,，、:：;)）(（", *"%％‰", *"--－–—−‐",
    *"   ", "\u3000", "\u00a0", "\u2003", "\n", *"oOkKrR", "O", "KR", "目标", "关键结果", *"上线新增客户", *"零〇一二两百千万亿半",
    "百分之", *"个家次天年月季期级点分", *">=<≥≤≧", "达到", "提升至", "提高", "降到", "reach ", "reaches", "increase",
    "Reach", "INCREASE", *"éÉßſ㎡㍿ﬁK℃", *"“”「」《》·…_~+*/#@&!？?'\"\\|", "e\u0301", "Ⅷ", "ａＢｃ", "𝟓", "𝐀", "İ", "ŉ", "ǰ", "ΐ",
]  # fmt: skip


def title(dice: Random) -> str:
    text = "".join(dice.choice(SIGNS) for _ in range(dice.randint(3, 12)))
    return clean(text)


def clean(text: str) -> str:
    """The canonical form, as it is given."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip())


def varied(text: str, dice: Random) -> str:
    """Nearly the same text: something dropped, put in, or written in another way."""
    for _ in range(dice.randint(0, 2)):
        place = dice.randint(0, len(text))
        way = dice.randint(0, 4)
        if way == 0:
            text = text[:place] + text[place + 1 :]
        elif way == 1:
            text = text[:place] + dice.choice(SIGNS) + text[place:]
        elif way == 2:
            text = dice.choice([str.upper, str.lower, str.casefold])(text)
        elif way == 3:
            text = dice.choice(["O1:", "kr .", "目标２．", "关键结果 ) ", "KR٣、"]) + text
        else:
            text = unicodedata.normalize("NFKC", text)
    return clean(text)


@pytest.mark.parametrize("seed", [1, 2])
def test_titles(seed: int, tmp_path: Path) -> None:
    """Same words, numbers, units that are named: every title as the oracle reads it."""
    dice = Random(seed)
    names = [name for _ in range(40) if len(name := title(dice)[:4].strip())]
    rows: list[Placed] = [o("T", "top"), o("B", "b")]
    rows += [unit(f"n{place}", "top", name=name) for place, name in enumerate(names)]
    for place in range(250):
        first = title(dice)
        named = varied(dice.choice(names), dice)
        other = varied(first, dice) if dice.random() < 0.7 else first[:3] + named + first[3:]
        rows.append(kr(f"T{place}", "T", title=first or None))
        rows.append(o(f"A{place}", "a", title=clean(other) or None))
        rows.append(kr(f"B{place}", "B", title=clean(first[:3] + named + first[3:]) or None))
    compare(tmp_path, rows, {"AL111", "QL503", "QL506", "HS207"})


@pytest.mark.parametrize("seed", [1, 2])
def test_parties(seed: int, tmp_path: Path) -> None:
    """Whom a request means, among units and persons with names that are nearly the same."""
    dice = Random(seed)
    words = [name for _ in range(25) if (name := clean(title(dice)[:5]))]
    words = [word for word in words if not set(word) & set(";|\n")]

    def word() -> str:
        return varied_word(dice.choice(words), dice)

    units = [word() if dice.random() < 0.3 and "->" not in word() else f"n{n}" for n in range(30)]
    units = [each if legal(each) else f"m{place}" for place, each in enumerate(units)]
    rows: list[Placed] = [o("A", "a"), kr("A1", "A")]
    rows += [
        unit(
            each, "top", name=word(), aliases=[word() for _ in range(dice.randint(0, 2))],
            active=dice.random() < 0.8,
        )
        for each in dict.fromkeys(units)
    ]  # fmt: skip
    for place in range(40):
        key = word()
        rows.append(
            person(
                key if dice.random() < 0.4 and legal(key) else f"q{place}",
                dice.choice([*units, "nowhere", None]), name=word(), email=f"{word()}",
                aliases=[word() for _ in range(dice.randint(0, 1))], active=dice.random() < 0.8,
            )
        )  # fmt: skip
    rows += [asks(f"h{place}", "A1", word()) for place in range(300)]
    compare(tmp_path, rows, {"HS201", "HS205"})


def legal(text: str) -> bool:
    return bool(text) and "->" not in text and not set(text) & set(";|")


def varied_word(text: str, dice: Random) -> str:
    if dice.random() < 0.5:
        return text
    way = dice.choice([str.upper, str.lower, str.casefold, lambda one: unicodedata.normalize("NFKC", one)])
    return clean(way(text)) or text


def compare(folder: Path, rows: list[Placed], codes: set[str]) -> None:
    """Program and oracle find the same, and each code something."""
    made = Case("", "", rows).enterprise()
    sync(folder, made)
    expected = expected_of(judge(made))

    assert differences(said(folder, made, expected), expected) == []
    assert codes <= {gap["code"] for gap in expected.gaps["Q4"]}
