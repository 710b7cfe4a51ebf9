"""Normal forms of names: what of a name makes no difference.

Traditional and simplified characters (OpenCC), full names in Chinese and in pinyin (pypinyin), titles and numbers
behind names. A form says only which names may be the same; whether they are is found out among all of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

from okr.reconcile.relations.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_RUN = re.compile(f"[{_HAN}·]+")
_LATIN_RUN = re.compile(r"[^\W\d_]+(?:[-' .]+[^\W\d_]+)*")
_NUMBER = re.compile(r"[A-Za-z]{0,4}-?\d{1,12}")
_EMPLOYEE = re.compile(r"[a-z]{0,4}-?\d{3,12}")
_LEFT = re.compile(r"[(（\[【](?:已?离职|已离开|离任|left|former|resigned)[)）\]】]", re.IGNORECASE)

_TITLES = (
    "董事长", "总经理", "副总经理", "总监", "副总监", "副总裁", "总裁", "副总", "经理", "副经理", "主任", "副主任",
    "部长", "副部长", "组长", "主管", "专员", "工程师", "架构师", "老师", "同学", "同事", "博士", "教授", "女士",
    "先生", "小姐", "总", "工", "董", "处长", "科长", "院长", "店长", "助理", "顾问",
)  # fmt: skip
_LATIN_TITLES = {"mr", "mrs", "ms", "dr", "prof", "ceo", "cto", "cfo", "coo", "cio", "vp", "svp", "evp", "manager"}
_MOST_READINGS = 64
_SHORTEST = 2
"""A name of one character is nobody's."""


class Name(NamedTuple):
    """A person's name in its parts: in Chinese characters, in Latin letters, and the number behind it."""

    han: str
    latin: str
    number: str


@cache
def _converter() -> Any:  # noqa: ANN401 (opencc brings no types)
    import opencc  # noqa: PLC0415 (only names that are compared pay for it)

    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Return a text in simplified characters."""
    return text if text.isascii() else _converter().convert(text)


def folded(text: str) -> str:
    """Return a text NFKC, case folded, in simplified characters, without white space and punctuation."""
    said = simplified(unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in said if not char.isspace() and unicodedata.category(char)[0] not in "PZC")


def titled(title: str) -> str:
    """Return what the title of an O or a KR says; the normal form of RULES, "Inferred", also of short ones."""
    said = simplified(title)
    return words(said) or folded(said)


def name(text: str) -> Name:
    """Take a person's name apart: 王磊总监, 王磊（C0016）, @王磊02, 王磊 Wang Lei."""
    said = _LEFT.sub("", unicodedata.normalize("NFKC", text)).strip().lstrip("@")
    numbers = _NUMBER.findall(said)
    without = _NUMBER.sub(" ", said)
    han = "".join(_HAN_RUN.findall(without)).replace("·", "")
    latin = " ".join(_LATIN_RUN.findall(_HAN_RUN.sub(" ", without)))
    number = numbers[-1].casefold() if numbers else ""
    return Name(_untitled(simplified(han)), _letters(latin), number)


def _untitled(han: str) -> str:
    """Take the titles behind a name away, as long as a name is left: 王总 stays, it is nobody's full name."""
    again = True
    while again:
        again = False
        for title in sorted(_TITLES, key=len, reverse=True):
            if han.endswith(title) and len(han) - len(title) >= _SHORTEST:
                han, again = han.removesuffix(title), True
                break
    return han


def _letters(latin: str) -> str:
    """Return Latin words in lower case, without titles and without marks (Zoë, lǚ)."""
    plain = "".join(c for c in unicodedata.normalize("NFD", latin.casefold()) if unicodedata.category(c) != "Mn")
    said = re.split(r"[^a-zà-ɏ]+", plain)
    return " ".join(word for word in said if word and word not in _LATIN_TITLES)


def latin_forms(latin: str) -> set[str]:
    """Return Latin words as one, in their order and with the last first: Wang Lei, Lei Wang, wanglei."""
    parts = latin.split()
    if not parts:
        return set()
    ways = {"".join(parts), "".join([parts[-1], *parts[:-1]]), "".join([*parts[1:], parts[0]])}
    return {_u(way) for way in ways if len(way) >= _SHORTEST}


def pinyin_forms(han: str) -> set[str]:
    """Return how a Chinese name is written in pinyin, by every reading of its characters; the surname stands first.

    A name that is long, or has more readings than anybody would look through, has none.
    """
    if not _SHORTEST <= len(han) <= 4:
        return set()
    from pypinyin import Style, pinyin  # noqa: PLC0415 (it reads a dictionary)

    readings = pinyin(han, style=Style.NORMAL, heteronym=True, errors="ignore")
    if len(readings) != len(han):
        return set()
    return {_u("".join(way)) for way in islice(product(*readings), _MOST_READINGS)}


def _u(said: str) -> str:
    """Return pinyin with one of the ways to write ü: lv, lyu and lü are lu here."""
    return re.sub(r"(?<=[ln])(?:yu|ü|v)", "u", said)


def person_tokens(names: Iterable[str | None]) -> set[tuple[str, str]]:
    """Return by what a person's names are compared.

    `han`: characters. `latin`: Latin letters. `pinyin`: how the characters are read, to be compared with Latin letters
    alone: 李蕾 and 李磊 are read alike and are two.
    """
    found: set[tuple[str, str]] = set()
    for text in names:
        said = name(text) if text else Name("", "", "")
        if len(said.han) >= _SHORTEST:
            found.add(("han", said.han))
            found |= {("pinyin", way) for way in pinyin_forms(said.han)}
        found |= {("latin", way) for way in latin_forms(said.latin)}
    return found


def same_name(a: Iterable[str | None], b: Iterable[str | None]) -> bool | None:
    """Whether two people, of whom all names are given, have a name in common; None where theirs cannot be compared."""
    mine, theirs = person_tokens(a), person_tokens(b)
    if not mine or not theirs:
        return None
    (han, latin, read), (other_han, other_latin, other_read) = (
        [{said for of, said in tokens if of == kind} for kind in ("han", "latin", "pinyin")]
        for tokens in (mine, theirs)
    )
    if han and other_han:
        return not han.isdisjoint(other_han)
    return True if latin & (other_latin | other_read) or other_latin & read else None


def one_name(a: str, b: str) -> bool:
    """Whether two names can both be how one person is written: 王磊, 王磊总监, Wang Lei; 王磊1 and 王磊2 cannot."""
    told = {number for said in (a, b) if (number := name(said).number)}
    return len(told) < 2 and same_name([a], [b]) is True


def numbers(ids: Iterable[str | None], names: Iterable[str | None]) -> set[str]:
    """Return the employee numbers among ids and aliases, and behind names: letters, then three digits or more."""
    found = {one for text in ids if text and _EMPLOYEE.fullmatch(one := unicodedata.normalize("NFKC", text).casefold())}
    for text in names:
        if text and _EMPLOYEE.fullmatch(number := name(text).number):
            found.add(number)
    return found
