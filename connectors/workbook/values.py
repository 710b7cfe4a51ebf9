"""What people write into cells: numbers, dates, persons, titles, responses.

Nothing is judged here. A form that everybody reads alike is written in one way; anything else stays
as it was written, and `schemas` refuses it by its cell.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from functools import lru_cache

NOTHING = frozenset({"", "无", "-", "--", "—", "——", "/", "n/a", "na", "none", "暂无", "没有"})
"""What stands in a cell, as `plain` writes it, where somebody says that there is nothing to say."""

_LONGEST_NOTHING = 12
_NOTHING_BEGINS = frozenset("无-－—／/nNｎＮ暂没 \t\n\u3000")
_NUMERALS = "一二三四五六七八九十"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_LABEL_BEGINS = frozenset(f"OoＯｏKkＫｋ目关(（0123456789０１２３４５６７８９ \t\n\u3000{_NUMERALS}{_CIRCLED}")
_SPACE = re.compile(r"\s+")

_RESPONSES = {
    "接受": "accepted", "accepted": "accepted", "accept": "accepted", "同意": "accepted", "已接受": "accepted",
    "需澄清": "clarify", "待澄清": "clarify", "needsclarification": "clarify", "clarify": "clarify",
    "needclarification": "clarify",
    "不接受": "rejected", "notaccepted": "rejected", "rejected": "rejected", "拒绝": "rejected", "不同意": "rejected",
}  # fmt: skip

_DECISIONS = {
    "投入": "invest", "invest": "invest", "支持": "invest", "放弃": "drop", "drop": "drop", "不投入": "drop",
}  # fmt: skip

_D = r"[0-9０-９]"
_O = r"(?:[OoＯｏ](?:bjective)?|目标)"
_KR = r"(?:[KkＫｋ][RrＲｒ]|[Kk]ey\s?[Rr]esult|关键结果)"
_TITLE = re.compile(
    r"^\s*(?:"
    rf"(?:{_O}\s*{_D}{{0,3}}\s*[-—–/：:.]?\s*)?{_KR}\s*(?P<kr>{_D}{{0,3}}(?:[.\-]{_D}{{1,3}})?|[{_NUMERALS}])"
    rf"|{_O}\s*(?P<o>{_D}{{0,3}}|[{_NUMERALS}])"
    rf"|(?P<n>{_D}{{1,3}})"
    rf")\s*(?:[:：、)）．]|\.(?!{_D}))\s*"
)
_TITLE_SPACED = re.compile(
    rf"^\s*(?:(?:{_O}\s?{_D}{{1,3}}\s?[-—–/]?\s?)?{_KR}|{_O})\s?(?P<n>{_D}{{1,3}}(?:[.\-]{_D}{{1,3}})?)"
    rf"(?:\s*[-—–|｜]\s*(?!{_D}|{_KR})|\s+)(?=\S)"
)
# What counts or measures behind a number makes it a part of the title: `O2期`, `KR2级`.
_TITLE_JOINED = re.compile(
    rf"^\s*(?:{_KR}|[OoＯｏ]|目标)(?P<n>{_D}{{1,2}})(?=[\u4e00-\u9fff《“「【])(?![期级类型号轮版区线码个家条项次倍年月日%％])"
)
_TITLE_BRACED = re.compile(rf"^\s*[(（](?P<n>{_D}{{1,2}}|[{_NUMERALS}])[)）]\s*(?=\S)")
_TITLE_CIRCLED = re.compile(rf"^\s*(?P<n>[{_CIRCLED}])[、.．:：\s]*(?=\S)")
# `一、二线城市` is a title.
_TITLE_COUNTED = re.compile(rf"^\s*(?P<n>[{_NUMERALS}])、\s*(?=\S)(?![{_NUMERALS}])")
_FORMS = (_TITLE, _TITLE_SPACED, _TITLE_JOINED, _TITLE_BRACED, _TITLE_CIRCLED, _TITLE_COUNTED)
_LABEL_ONLY = re.compile(
    rf"^\s*(?:(?:{_O}\s*{_D}{{0,3}}\s*[-—–/：:.]?\s*)?{_KR}|{_O}|[Nn][Oo]\.?|第)?\s*"
    rf"(?:(?:{_D}{{1,3}}[.\-]){{0,2}}(?P<n>{_D}{{1,3}})|(?P<c>[{_NUMERALS}{_CIRCLED}]))\s*[条项]?\s*[:：.、)）．]?\s*$"
)

_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)%?$")
_FULL_DATE = re.compile(
    r"^(\d{4})\s*(?:[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})|年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?)$"
)
_FULL_TIME = re.compile(r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})[ t]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_MONTH_END = re.compile(r"^(?:(\d{4})\s*年\s*|(\d{4})[-/.])?(\d{1,2})\s*月\s*(?:底|末|月底|月末)$")
_DAY = re.compile(r"^(\d{1,2})\s*(?:月\s*(\d{1,2})\s*[日号]?|/\s*(\d{1,2}))$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_ENGLISH_DAY = re.compile(
    rf"^(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}"
    rf"|{_MONTH.replace('<m>', '<m2>')}\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?)"
    r"(?:\s*,?\s*(?P<y>\d{4}))?$"
)
_ENGLISH_END = re.compile(
    rf"^(?:by\s+)?(?:the\s+)?end\s+of\s+(?:{_MONTH}(?:\s*,?\s*(?P<y>\d{{4}}))?|(?P<q>q[1-4]|h[12])|(?:the\s+)?(?P<p>period|quarter))$"
)
_QUARTER_END = re.compile(r"^(?:(\d{4})\s*年?\s*)?(?:q([1-4])|第?([一二三四1-4])季度)\s*(?:末|底|季末|结束)$")
_HALF_END = re.compile(r"^(?:(\d{4})\s*年?\s*)?(?:h([12])|([上下])半年)\s*(?:末|底)$")
_PERIOD_END = re.compile(r"^(?:本?(?:周期|期|季度|季)(?:末|底))$")
_YEAR_END = re.compile(r"^(?:(\d{4})\s*年|本?年|全年)(?:末|底|年底|年末)$")
_BEFORE = re.compile(r"(?:之前|以前|前|截止|止)$")


def plain(text: str) -> str:
    """Write a short text in one way, to compare it: width, case and white space do not matter."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text).casefold())


def is_nothing(text: str | None) -> bool:
    """Say whether a cell says that there is nothing.

    >>> is_nothing("无"), is_nothing(" N / A "), is_nothing("市场部")
    (True, True, False)
    """
    return not text or (text[0] in _NOTHING_BEGINS and len(text) < _LONGEST_NOTHING and plain(text) in NOTHING)


@lru_cache(maxsize=4096)
def fraction(text: str) -> str:
    """Write a confidence or progress without spaces and in narrow digits where it is a number.

    >>> fraction("７０ ％"), fraction("70"), fraction("高")
    ('70%', '70', '高')
    """
    narrow = plain(text)
    return narrow if _NUMBER.match(narrow) else text


def percent(stored: float) -> str:
    """Write the fraction that a cell formatted as per cent stores.

    >>> percent(0.7), percent(1.3), percent(0.285)
    ('70%', '130%', '28.5%')
    """
    return f"{stored * 100:.12g}%"


def response(text: str) -> str:
    """Write a response by its name where it is one of the known words; else as it stands.

    >>> response("需澄清"), response("不接受 · not accepted"), response("再看")
    ('clarify', 'rejected', '再看')
    """
    known = _RESPONSES.get(plain(text).strip(".。!！"))
    if known is None and "·" in text:
        # A word of a drop-down that says it in two languages.
        meanings = {_RESPONSES.get(plain(word)) for word in text.split("·")}
        known = meanings.pop() if len(meanings) == 1 else None
    return known or text


def decision(text: str) -> str | None:
    """Return the name of a leader's decision, None where it is none of the known words.

    >>> decision("投入 · invest"), decision("放弃"), decision("再议")
    ('invest', 'drop', None)
    """
    meanings = {_DECISIONS.get(plain(word).strip(".。!！")) for word in text.split("·")}
    return meanings.pop() if len(meanings) == 1 else None


def title(text: str) -> tuple[str, int | None]:
    """Take a leading label off a title, and return its number with the rest.

    >>> title("O1：提升复购"), title("KR2. 上线"), title("3.5 倍增长"), title("1、调研")
    (('提升复购', 1), ('上线', 2), ('3.5 倍增长', None), ('调研', 1))
    """
    if text[:1] not in _LABEL_BEGINS:
        return text, None
    found = next((found for form in _FORMS if (found := form.match(text))), None)
    if not found:
        return text, None
    number = found[found.lastgroup] if found.lastgroup else ""
    return text[found.end() :], _last_number(number)


def label_number(text: str) -> int | None:
    """Return the number of a text that is nothing but a label (`KR2`, `1.`, `KR1.2`), else None.

    >>> label_number("KR2："), label_number("3"), label_number("KR1.2"), label_number("K-17")
    (2, 3, 2, None)
    """
    found = _LABEL_ONLY.match(text)
    return _last_number(found["n"] or found["c"]) if found else None


def _last_number(text: str) -> int | None:
    if not text:
        return None
    if len(text) == 1 and text in _NUMERALS:
        return _NUMERALS.index(text) + 1
    if len(text) == 1 and text in _CIRCLED:
        return _CIRCLED.index(text) + 1
    return int(text) if text.isdecimal() else int(re.split(r"[.\-]", text)[-1])


@lru_cache(maxsize=4096)
def date(text: str) -> tuple[str, bool]:
    """Read a date that somebody wrote.

    Args:
        text: the cell's text.

    Returns:
        The date as ISO 8601 and False; or what only the period can finish, in one of the forms
        `11月30日`, `11月底`, `Q4末`, `H2末`, `期末`, and True; or the text as written and False.

    >>> date("2026年11月30日"), date("11/30"), date("Ｑ４末"), date("31 Nov")
    (('2026-11-30', False), ('11月30日', True), ('Q4末', True), ('31 Nov', False))
    """
    narrow = unicodedata.normalize("NFKC", text).strip().casefold()
    narrow = _BEFORE.sub("", narrow).strip()
    if found := _FULL_TIME.match(narrow):
        narrow = found[1]
    if found := _FULL_DATE.match(narrow):
        year, month, day = (int(part) for part in found.groups() if part)
        return _whole(year, month, day) or text, False
    if found := _MONTH_END.match(narrow):
        return _end_of_month(found, text)
    if found := _DAY.match(narrow):
        month, day = (int(part) for part in found.groups() if part)
        # A leap year: whether there is a 29 February, only the period knows.
        return (f"{month}月{day}日", True) if _whole(2024, month, day) else (text, False)
    if found := _ENGLISH_DAY.match(narrow):
        return _in_english(found, text)
    return _end_of_period(narrow) or (text, False)


def _whole(year: int, month: int, day: int) -> str | None:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def _in_english(found: re.Match[str], text: str) -> tuple[str, bool]:
    """Read `30 Nov`, `30 November 2026` and `Nov 30, 2026`."""
    month, day = _month(found["m"] or found["m2"]), int(found["d"] or found["d2"])
    if found["y"]:
        return _whole(int(found["y"]), month, day) or text, False
    return (f"{month}月{day}日", True) if _whole(2024, month, day) else (text, False)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3]) + 1


def _end_of_month(found: re.Match[str], text: str) -> tuple[str, bool]:
    year, month = found[1] or found[2], int(found[3])
    if not 1 <= month <= 12:
        return text, False
    if year is None:
        return f"{month}月底", True
    last = calendar.monthrange(max(int(year), 1), month)[1]
    return _whole(int(year), month, last) or text, False


def _end_of_period(narrow: str) -> tuple[str, bool] | None:
    if found := _ENGLISH_END.match(narrow):
        if found["m"]:
            month = _month(found["m"])
            return date(f"{found['y']}年{month}月底") if found["y"] else (f"{month}月底", True)
        return (f"{found['q'].upper()}末" if found["q"] else "期末"), True
    if found := _YEAR_END.match(narrow):
        return (f"{found[1]}-12-31", False) if found[1] else ("12月底", True)
    if found := _QUARTER_END.match(narrow):
        quarter = found[2] or found[3]
        number = {"一": 1, "二": 2, "三": 3, "四": 4}.get(quarter) or int(quarter)
        return f"{found[1] or ''}Q{number}末", True
    if found := _HALF_END.match(narrow):
        half = found[2] or {"上": "1", "下": "2"}[found[3]]
        return f"{found[1] or ''}H{half}末", True
    return ("期末", True) if _PERIOD_END.match(narrow) else None
