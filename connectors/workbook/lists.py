"""Cells that hold several things: persons, parties with their points, upper KRs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from connectors.workbook.values import is_nothing, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MENTION = re.compile(r"(?<=\S)\s+(?=[@＠])")
_PAIR = re.compile(r"(?<=\S)和(?=\S)")
_APART = re.compile(r"\s和\s?|\s?和\s")
_AND = re.compile(r"\s(?:and|&)\s", re.IGNORECASE)
_UNIT_END = re.compile(r"(?:部|中心|组|团队|群|室|科|处|公司|院|所|队|线|局|委|办)$")
_NUMBERED = re.compile(
    r"^\s*(?:[0-9０-９]{1,2}\s*(?:[、)）．]|\.(?![0-9０-９]))|[(（][0-9０-９]{1,2}[)）]|[①-⑳]|[-•·●]\s)\s*"
)
_BRACED = re.compile(r"^(.*?)\s*[(（\[【<]\s*([^()（）]*?)\s*[)）\]】>]\s*$", re.DOTALL)
_LONGEST = 500
"""Nobody is called so, and nothing is referred to so; a longer piece is taken as it is."""

_LOGIN = re.compile(r"^[A-Za-z0-9._@-]*[0-9A-Za-z][A-Za-z0-9._@-]*$")
_JOINED = re.compile(r"^(?P<name>[\u4e00-\u9fff·]{2,20})[-_]?(?P<login>[A-Za-z0-9._]{3,40})$")
_JOINED_BEFORE = re.compile(r"^(?P<login>[A-Za-z0-9._]{3,40})[-_]?(?P<name>[\u4e00-\u9fff·]{2,20})$")
_EMAIL = re.compile(r"[^\s@<>()（）,，;；]+@[^\s@<>()（）,，;；]+\.[^\s@<>()（）,，;；]+")

_O = r"(?:[OoＯｏ]|目标)\s*[0-9０-９]{1,3}"
_KR = r"(?:[KkＫｋ][RrＲｒ]|关键结果)\s*[0-9０-９]{1,3}(?:[.\-][0-9０-９]{1,3})?"
_REFERRED = rf"(?:{_O}|{_KR})"
_TARGET = re.compile(rf"^(?P<before>[^:：\n]*?{_O}\s*(?:[-—–/：:.·]|\s)*\s*)?(?P<kr>{_KR})$")
_SHORT = re.compile(rf"(?:^|[^A-Za-z]){_REFERRED}$")
_BARE_KR = re.compile(r"^(?:(?:[KkＫｋ][RrＲｒ])\s*)?[0-9０-９]{1,3}$")
_ID = re.compile(r"^(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._:#-]*$")
_SHARE = re.compile(
    r"^(.*?\S)?\s{0,9}[(（\[【]\s*(?:占比?|份额|share)?\s*[:：]?\s*([0-9０-９.．]+\s*[%％]?)\s*[)）\]】]\s*$",
    re.DOTALL,
)
_VERB = re.compile(r"^(?:承接|对齐)(?:上级)?的?\s*[:：]?\s*(\S.{0,99})$")
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
    text = _AND.sub("、", _MENTION.sub("、", text))
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
    return [piece for spaced in _APART.split(text) for piece in _split_joined(spaced, apart)]


def _split_joined(text: str, apart: Callable[[str, str], bool]) -> list[str]:
    if len(text) > _LONGEST:
        return [text]
    cut, found = 0, []
    for pair in _PAIR.finditer(text):
        left, right = text[cut : pair.start()].strip(), text[pair.end() :].strip()
        if apart(left, right):
            found.append(left)
            cut = pair.end()
    return [*found, text[cut:]]


def _person(text: str) -> tuple[str, ...]:
    whole = text.strip()
    if len(whole) > _LONGEST:
        return (whole,)
    rest = whole.lstrip("@＠").strip()
    candidates = [whole]
    if found := _EMAIL.search(rest):
        candidates.append(found[0])
        rest = (rest[: found.start()] + rest[found.end() :]).strip(" ()（）<>[]【】")
    elif (found := _BRACED.match(rest)) and found[1] and found[2]:
        candidates += [found[2].strip().lstrip("@＠"), found[1].strip()]
        rest = ""
    elif (found := _JOINED.match(rest)) or (found := _JOINED_BEFORE.match(rest)):
        candidates += [found["login"], found["name"]]
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
    for piece in (piece for line in lines for piece in _apart_by_name(line, known)):
        named, rest = _named(piece, known)
        if named is not None:
            present = named
        if present is None:
            return None
        found.setdefault(present, []).append(rest)
    told = {index: "\n".join(line for line in said if line) for index, said in found.items()}
    return [None if is_nothing(told.get(i)) else told[i] for i in range(len(names))] if told else None


def _apart_by_name(line: str, known: Mapping[str, int]) -> list[str]:
    """Split `市场部：海报；研发部：接口`, where each piece begins with a party's name."""
    pieces = [piece.strip() for piece in re.split(r"[;；]", line) if piece.strip()]
    return pieces if len(pieces) > 1 and all(_named(piece, known)[0] is not None for piece in pieces) else [line]


def _named(line: str, known: Mapping[str, int]) -> tuple[int | None, str]:
    """Return which party a line begins with, by its name or a short form of it, and the rest."""
    head, colon, rest = _NUMBERED.sub("", line).replace("：", ":", 1).partition(":")
    said = plain(head).strip("[]【】()（）@")
    if not colon or not said or len(said) > _LONGEST:
        return None, line
    if said in known:
        return known[said], rest.strip()
    # 市场 for 市场部: what stands behind says what kind of unit it is, and no other party is called so.
    short = [i for name, i in known.items() if len(said) > 1 and _UNIT_END.sub("", name) == _UNIT_END.sub("", said)]
    return (short[0], rest.strip()) if len(short) == 1 else (None, line)


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
        if (named := _VERB.match(bare)) and _looks_referred(named[1], 0):
            bare = named[1]
        if not is_nothing(bare):
            found += _line_of_targets(bare)
    return tuple(dict.fromkeys(found))


def targets_are_numbers(text: str) -> bool:
    """Say whether a text names Os and KRs by their numbers, and nothing else.

    >>> targets_are_numbers("市场部 O1：KR2、KR3（40%）"), targets_are_numbers("提升复购")
    (True, False)
    """
    found = targets(text)
    return bool(found) and all(_SHORT.search(unicodedata.normalize("NFKC", target)) for target, _ in found)


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
    found = _SHARE.match(text) if len(text) <= _LONGEST else None
    if not found or not found[1]:
        return text, None
    share, before = plain(found[2]), found[1].strip()
    # `KR(2)` names a KR, and `新增客户（1000）` is somebody's words: a bare whole number is a share only
    # behind what is a reference without it.
    if "%" not in share and "." not in share and share != "1" and not _looks_referred(before, 0):
        return text, None
    return before, share


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
