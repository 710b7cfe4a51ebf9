"""What the contract says about texts: same words, numbers in titles, units named in titles."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MEASURES = (
    "个家项次名人位元块成倍天日周月季年秒分点级件单台套篇份场款条门间城省市国户组轮期类种"
    "座批页字吨米步层版支笔股辆颗处遍"
)
NUMERALS = "零〇一二两三四五六七八九十百千万亿半"
NO_TIME = "".join(sign for sign in MEASURES if sign not in "年月日周季期")
BEHIND = (
    ">=", "<=", ">", "<", "≥", "≤", "达", "达到", "提升", "提升至", "提升到", "提高", "提高至",
    "提高到", "降低", "降低至", "降低到", "降至", "降到",
    "reach", "reaches", "increase", "decrease",
)  # fmt: skip
LABEL = re.compile(r"\s*(?:o|kr|目标|关键结果)\s*\d*\s*(?:[:、)]|\.(?!\d))")


def fold(text: str) -> str:
    """As names are compared: NFKC, any case, trimmed."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def is_digit(sign: str) -> bool:
    return unicodedata.category(sign) == "Nd"


def same_words(title: str | None) -> str | None:
    """What is left of a title when the same words are sought; None where it equals nothing."""
    if title is None:
        return None
    text = unicodedata.normalize("NFKC", title).casefold()
    label = LABEL.match(text)
    if label:
        text = text[label.end() :]
    kept = [sign for place, sign in enumerate(text) if is_kept(text, place)]
    return "".join(kept) if len(kept) >= 4 else None


def is_kept(text: str, place: int) -> bool:
    sign = text[place]
    if sign.isspace():
        return False
    if not unicodedata.category(sign).startswith("P"):
        return True
    behind_digit = place > 0 and is_digit(text[place - 1])
    before_digit = place + 1 < len(text) and is_digit(text[place + 1])
    return (behind_digit and before_digit) or (sign == "%" and behind_digit) or (sign == "-" and before_digit)


def has_number(title: str | None) -> bool:
    """QL503: a digit of any script, or a Chinese numeral that counts something."""
    if title is None:
        return False
    if any(is_digit(sign) for sign in title):
        return True
    return bool(re.search(f"[{NUMERALS}][{MEASURES}]|百分之[{NUMERALS}]", title))


def reads_like_kr(title: str | None) -> bool:
    """QL506: a number with a measure word or behind a word that says how far."""
    if title is None:
        return False
    text = "".join(unicodedata.normalize("NFKC", title).casefold().split())
    if re.search(rf"\d[%{NO_TIME}]", text):
        return True
    return any(re.search(re.escape(word) + r"\d", text) for word in BEHIND)


def is_latin_or_digit(sign: str) -> bool:
    return is_digit(sign) or (
        unicodedata.category(sign).startswith("L") and unicodedata.name(sign, "").startswith("LATIN ")
    )


def named_units(title: str | None, names: Iterable[tuple[str, str]]) -> set[str]:
    """The units that a title names; `names` are pairs of a folded name and its unit."""
    if title is None:
        return set()
    meaning: dict[str, set[str]] = {}
    for name, unit in names:
        if len(name) >= 2:
            meaning.setdefault(name, set()).add(unit)
    text: list[str | None] = list(unicodedata.normalize("NFKC", title).casefold())
    found: set[str] = set()
    for name in sorted(meaning, key=lambda name: (-len(name), name)):
        at = 0
        original = unicodedata.normalize("NFKC", title).casefold()
        while at + len(name) <= len(text):
            if text[at : at + len(name)] == list(name) and stands_alone(original, at, name):
                text[at : at + len(name)] = [None] * len(name)
                if len(meaning[name]) == 1:
                    found |= meaning[name]
                at += len(name)
            else:
                at += 1
    return found


def stands_alone(text: str, at: int, name: str) -> bool:
    """A name that begins or ends with a Latin letter or digit has no such neighbour there."""
    end = at + len(name)
    if is_latin_or_digit(name[0]) and at > 0 and is_latin_or_digit(text[at - 1]):
        return False
    return not (is_latin_or_digit(name[-1]) and end < len(text) and is_latin_or_digit(text[end]))
