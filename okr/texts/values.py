"""How a value looks inside a sentence."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal

WORDS = {
    "zh": {"none": "（无）", "yes": "是", "no": "否", "comma": "、", "colon": "："},
    "en": {"none": "(none)", "yes": "yes", "no": "no", "comma": ", ", "colon": ": "},
}
HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode categories
SPANS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
SPAN_WORDS = {
    "zh": {"days": "天", "hours": "小时", "minutes": "分钟", "seconds": "秒"},
    "en": {"days": "day", "hours": "hour", "minutes": "minute", "seconds": "second"},
}


def shown(value: object, lang: str) -> str:
    """A value as a person reads it: lists joined, numbers plain, nothing that moves a cursor.

    Never raises.
    """
    try:
        return _shown(value, "zh" if lang == "zh" else "en")
    except Exception:  # noqa: BLE001 - a message about a failure must not become a failure itself
        return object.__repr__(value)


def _shown(value: object, lang: str) -> str:  # noqa: PLR0911 - one return for each kind of value
    words = WORDS[lang]
    match value:
        case None:
            return words["none"]
        case bool():
            return words["yes"] if value else words["no"]
        case float() | Decimal():
            return number(float(value))
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("minutes" if not value.second else "auto")
        case timedelta():
            return span(value, lang)
        case Mapping():
            pairs = (f"{_shown(k, lang)}{words['colon']}{_shown(v, lang)}" for k, v in value.items())
            return words["comma"].join(pairs) or words["none"]
        case list() | tuple() | AbstractSet():
            items = sorted(map(str, value)) if isinstance(value, AbstractSet) else value
            return words["comma"].join(_shown(item, lang) for item in items) or words["none"]
        case _:
            return tame(str(value))


def number(value: float) -> str:
    """A number without the noise of binary fractions: 0.1 + 0.2 is 0.3, 5.0 is 5."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.10g}"


def moment(value: datetime) -> str:
    """A time to the minute (to the second where it has seconds), with its offset if any."""
    has_seconds = value.second or value.microsecond
    told = value.strftime("%Y-%m-%d %H:%M:%S" if has_seconds else "%Y-%m-%d %H:%M")
    offset = value.utcoffset()
    if offset is None:
        return told
    return f"{told} {value.isoformat()[-6:]}" if offset else f"{told} UTC"


def span(value: timedelta, lang: str) -> str:
    """A span of time in its largest whole unit: 7 days, 90 minutes."""
    seconds = value.total_seconds()
    name, size = next((unit for unit in SPANS if abs(seconds) >= unit[1] and seconds % unit[1] == 0), SPANS[-1])
    count = seconds / size
    word = SPAN_WORDS[lang][name]
    if lang == "zh":
        return f"{number(count)} {word}"
    return f"{number(count)} {word}{'' if count == 1 else 's'}"


def tame(value: str) -> str:
    """Text with everything written out that moves a cursor or turns the direction of reading."""
    if value.isprintable():
        return value
    return "".join(c if c == "\n" or unicodedata.category(c) not in HARMFUL else _escape(c) for c in value)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
