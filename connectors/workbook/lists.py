"""Cells that hold several things: persons, parties with their points, upper KRs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from connectors.workbook.values import is_nothing, plain

if TYPE_CHECKING:
    from collections.abc import Callable

_MENTION = re.compile(r"(?<=\S)\s+(?=[@＠])")
_PAIR = re.compile(r"(?<=\S)和(?=\S)")
_UNIT_END = re.compile(r"(?:部|中心|组|团队|群|室|科|处|公司|院|所|队|线|局|委|办)$")
_NUMBERED = re.compile(
    r"^\s*(?:[0-9０-９]{1,2}\s*(?:[、)）．]|\.(?![0-9０-９]))|[(（][0-9０-９]{1,2}[)）]|[①-⑳]|[-•·●]\s)\s*"
)
_BRACED = re.compile(r"^(.*?)\s*[(（\[【<]\s*([^()（）]*?)\s*[)）\]】>]\s*$", re.DOTALL)
_LOGIN = re.compile(r"^[A-Za-z0-9._@-]*[0-9A-Za-z][A-Za-z0-9._@-]*$")
_EMAIL = re.compile(r"[^\s@<>()（）,，;；]+@[^\s@<>()（）,，;；]+\.[^\s@<>()（）,，;；]+")

_O = r"(?:[OoＯｏ]|目标)\s*[0-9０-９]{1,3}"
_KR = r"(?:[KkＫｋ][RrＲｒ]|关键结果)\s*[0-9０-９]{1,3}(?:[.\-][0-9０-９]{1,3})?"
_REFERRED = rf"(?:{_O}|{_KR})"
_TARGET = re.compile(rf"^(?P<before>[^:：\n]*?{_O}\s*(?:[-—–/：:.·]|\s)*\s*)?(?P<kr>{_KR})$")
_SHORT = re.compile(rf"(?:^|[^A-Za-z]){_REFERRED}$")
_BARE_KR = re.compile(r"^(?:(?:[KkＫｋ][RrＲｒ])\s*)?[0-9０-９]{1,3}$")
_ID = re.compile(r"^(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._:#-]*$")
_SHARE = re.compile(
    r"^(.*?)\s*[(（\[【]\s*(?:占比?|份额|share)?\s*[:：]?\s*([0-9０-９.．]+\s*[%％]?)\s*[)）\]】]\s*$",
    re.DOTALL,
)
_WITHIN_TARGET = re.compile(r"((?:[OoＯｏ]|目标)\s*[0-9０-９]{1,3})\s*[/／]\s*(?=[KkＫｋ][RrＲｒ]|关键结果)")


@lru_cache(maxsize=8192)
def persons(text: str) -> tuple[tuple[str, ...], ...]:
    """Split a cell into persons, each with the ways in which they may be known, the surest first.

    A number, a login or an address tells two people of one name apart, so it stands before the name.

    >>> persons("张三 00123、@李四")
    (('张三 00123', '00123', '张三'), ('@李四', '李四'))
    """
    if is_nothing(text):
        return ()
    text = _MENTION.sub("、", text)
    found = [_person(piece) for piece in _pieces(text, _between_names)]
    return tuple(dict.fromkeys(candidates for candidates in found if candidates))


def _between_names(left: str, right: str) -> bool:
    # 和 is also part of names: 李和平, 和珅. Nobody's whole name is one character.
    return len(left) >= 2 and len(right) >= 2


def _between_units(left: str, right: str) -> bool:
    # 规划和运营部 is one unit, 市场部和研发部 are two.
    return bool(_UNIT_END.search(left)) or not _UNIT_END.search(right)


def _pieces(text: str, apart: Callable[[str, str], bool]) -> list[str]:
    """Split at 、 ， , ; / 和 and line breaks, but not within brackets."""
    pieces: list[str] = []
    for rough in _split_outside_brackets(text):
        pieces += _split_pair(rough, apart)
    return [piece for piece in (_NUMBERED.sub("", p).strip() for p in pieces) if not is_nothing(piece)]


def _split_outside_brackets(text: str) -> list[str]:
    pieces, depth, start = [], 0, 0
    for index, sign in enumerate(text):
        if sign in "(（[【":
            depth += 1
        elif sign in ")）]】":
            depth = max(depth - 1, 0)
        elif (depth == 0 and sign in "、，,;；/／") or sign == "\n":
            pieces.append(text[start:index])
            start, depth = index + 1, 0
    pieces.append(text[start:])
    return pieces


def _split_pair(text: str, apart: Callable[[str, str], bool]) -> list[str]:
    cut, found = 0, []
    for pair in _PAIR.finditer(text):
        left, right = text[cut : pair.start()].strip(), text[pair.end() :].strip()
        if apart(left, right):
            found.append(left)
            cut = pair.end()
    return [*found, text[cut:]]


def _person(text: str) -> tuple[str, ...]:
    whole = text.strip()
    rest = whole.lstrip("@＠").strip()
    candidates = [whole]
    if found := _EMAIL.search(rest):
        candidates.append(found[0])
        rest = (rest[: found.start()] + rest[found.end() :]).strip(" ()（）<>[]【】")
    elif (found := _BRACED.match(rest)) and found[1] and found[2]:
        candidates += [found[2].strip().lstrip("@＠"), found[1].strip()]
        rest = ""
    else:
        words = rest.split()
        if len(words) > 1 and _LOGIN.match(words[-1]) and not rest.isascii():
            candidates += [words[-1], " ".join(words[:-1])]
            rest = " ".join(words[:-1])
        elif len(words) > 1 and _LOGIN.match(words[-1]) and any(c.isdigit() for c in words[-1]):
            candidates += [words[-1], " ".join(words[:-1])]
        elif len(words) > 1 and _LOGIN.match(words[0]) and (any(c.isdigit() for c in words[0]) or not rest.isascii()):
            candidates += [words[0], " ".join(words[1:])]
            rest = " ".join(words[1:])
    candidates.append(rest)
    if re.search(r"[\u4e00-\u9fff][\s\u3000]+[\u4e00-\u9fff]", rest):
        # 张　三: two-character names are spaced to the width of longer ones.
        candidates.append(re.sub(r"\s+", "", rest))
    return tuple(dict.fromkeys(c for c in candidates if c))


class Request(NamedTuple):
    """One party with what is asked of it, and its answer where the sheet has one."""

    party: str
    point: str | None
    response: str | None
    reason: str | None


@lru_cache(maxsize=8192)
def parties(text: str) -> tuple[str, ...]:
    """Split a cell into parties; nothing, `无`, `-`, `/` and `N/A` are none.

    >>> parties("市场部、规划和运营部"), parties("N/A")
    (('市场部', '规划和运营部'), ())
    """
    return () if is_nothing(text) else tuple(_pieces(text, _between_units))


def requests(party: str | None, point: str | None, response: str | None, reason: str | None) -> list[Request]:
    """Give each party its point, and its response and reason.

    Pair by pair where there are as many lines as parties; by name where lines begin with a party's
    name and a colon; else one text for all.
    """
    names = parties(party) if party else ()
    points = shared_out(names, point)
    responses = shared_out(names, response)
    reasons = shared_out(names, reason)
    return [Request(*row) for row in zip(names, points, responses, reasons, strict=True)]


def shared_out(names: tuple[str, ...], text: str | None) -> list[str | None]:
    """Share a text out among parties; see `requests`.

    >>> shared_out(("市场部", "研发部"), "市场部：海报")
    ['海报', None]
    """
    if not names:
        return []
    if text is None or is_nothing(text):
        return [None] * len(names)
    if len(names) == 1 and ":" not in text and "：" not in text:
        return [text]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    by_name = _by_name(names, lines)
    if by_name is not None:
        return by_name
    if len(names) > 1 and len(lines) == len(names):
        bare = [_NUMBERED.sub("", line).strip() for line in lines]
        return [None if is_nothing(line) else line for line in bare]
    return [text.strip()] * len(names)


def _by_name(names: tuple[str, ...], lines: list[str]) -> list[str | None] | None:
    known = {plain(name): index for index, name in enumerate(names)}
    found: dict[int, list[str]] = {}
    present: int | None = None
    for line in lines:
        head, colon, rest = _NUMBERED.sub("", line).replace("：", ":", 1).partition(":")
        named = known.get(plain(head)) if colon else None
        if named is not None:
            present = named
            line = rest.strip()  # noqa: PLW2901 - the line without its party's name
        if present is None:
            return None
        found.setdefault(present, []).append(line)
    told = {index: "\n".join(line for line in said if line) for index, said in found.items()}
    return [None if is_nothing(told.get(i)) else told[i] for i in range(len(names))] if told else None


@lru_cache(maxsize=8192)
def targets(text: str) -> tuple[tuple[str, str | None], ...]:
    """Split a cell into the upper KRs and Os that it names, each with its share as written.

    What is plainly a number of an O or KR, or an id, is split at any separator; the upper KR's own
    words may hold a comma, so they are split at semicolons and line breaks only.

    >>> targets("O1：KR2、KR3（40%）"), targets("提升复购，扩大渠道")
    ((('O1：KR2', None), ('O1：KR3', '40%')), (('提升复购，扩大渠道', None),))
    """
    if is_nothing(text):
        return ()
    found: list[tuple[str, str | None]] = []
    for line in re.split(r"[;；\n]+", text):
        bare = _NUMBERED.sub("", line).strip()
        if not is_nothing(bare):
            found += _line_of_targets(bare)
    return tuple(dict.fromkeys(found))


def _line_of_targets(line: str) -> list[tuple[str, str | None]]:
    whole = _with_share(line)
    # `O1/KR2` is one thing: its slash is hidden while the line is split.
    pieces = [_with_share(p.replace("\x00", "/")) for p in _rough(_WITHIN_TARGET.sub("\\1\x00", line))]
    pieces = [piece for piece in pieces if not is_nothing(piece[0])]
    if len(pieces) < 2 or not all(_looks_referred(text, index) for index, (text, _) in enumerate(pieces)):
        return [whole]
    return _inherited(pieces)


def _rough(line: str) -> list[str]:
    return [piece for rough in _split_outside_brackets(line) for piece in re.split(r"和|\s及\s", rough)]


def _with_share(text: str) -> tuple[str, str | None]:
    text = text.strip()
    found = _SHARE.match(text)
    if not found or not found[1]:
        return text, None
    share = plain(found[2])
    # `KR(2)` names a KR; a bare whole number in brackets is no share.
    if "%" not in share and "." not in share and share != "1":
        return text, None
    return found[1].strip(), share


def _looks_referred(text: str, index: int) -> bool:
    narrow = unicodedata.normalize("NFKC", text).strip()
    return bool(_SHORT.search(narrow) or _ID.match(narrow) or (index and _BARE_KR.match(narrow)))


def _inherited(pieces: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Give `KR3` in `O1：KR2、KR3`, and `3` in `O1：KR2、3`, what stood before."""
    before: str | None = None
    found = []
    for text, share in pieces:
        told = text
        if matched := _TARGET.match(text):
            before = matched["before"] or before or ""
            told = text if matched["before"] else f"{before}{text}"
        elif before is not None and text.isdecimal():
            told = f"{before}KR{text}"
        else:
            before = None
        found.append((told, share))
    return found
