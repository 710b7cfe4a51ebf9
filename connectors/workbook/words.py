"""Which unit and which period a sheet may be about: texts in order, for somebody else to look up."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PERIOD = re.compile(
    r"(?:20\d{2}|(?<!\d)\d{2})\s*年?\s*(?:度)?\s*[-_]?\s*(?:q[1-4]|第?[一二三四1-4]\s*季度?|h[12]|[上下]半年|s[12])"
    r"|q[1-4]\s*[-_/]?\s*(?:20\d{2}|fy\d{2})"
    r"|20\d{2}\s*年\s*\d{1,2}\s*[-—~至到]\s*\d{1,2}\s*月"
    r"|20\d{2}\s*年\s*(?:度|\d{1,2}\s*月)?|(?<!\d)20\d{2}(?!\d|[-./]\d)"
    r"|(?<![a-z0-9])q[1-4](?![a-z0-9])|第?[一二三四]\s*季度|(?<![a-z0-9])h[12](?![a-z0-9])|[上下]半年",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"[(（\[【]\s*\d{1,3}\s*[)）\]】]"
    r"|最终(?:确认)?(?:版本?)?|终版|定稿|修订(?:版|稿)?|修改(?:版|稿)?|更新(?:版)?|新版|草稿|初稿|副本|复件|备份|返回|回收|提交版?|模板|版本?(?=\d|$)"
    r"|(?<![a-z])(?:final|draft|copy(?:\s+of)?|new|latest|revised|v(?:er(?:sion)?)?\.?\s*\d+(?:\.\d+)*)(?![a-z])"
    r"|20\d{2}[-_.]?\d{2}[-_.]?\d{2}|(?<!\d)\d{4}(?!\d)(?=$|[_-])",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"(?<![a-z])okrs?(?![a-z])|目标与关键结果|握手(?:会|表)?|填报表?|汇总表?|表格?$|(?<![a-z])objectives?(?![a-z])",
    re.IGNORECASE,
)
_APART = re.compile(r"[\s_\-—–·|｜()（）\[\]【】《》<>、，,;；:：.]+")
_QUARTERS = {"一": "1", "二": "2", "三": "3", "四": "4"}


def units(text: str) -> list[str]:
    """Return the texts in a name or title that may name its unit, the likeliest first.

    >>> units("市场部OKR_最终版(2)")
    ['市场部OKR_最终版(2)', '市场部', '市场部OKR']
    """
    core = core_of(text)
    spaced = [part for part in _APART.split(core) if part]
    rough = [part for part in _APART.split(text) if part]
    # The last part of `集团 市场事业群 市场部` says most.
    found = [text, core, *reversed(spaced), *reversed(rough)]
    return _distinct(part for part in found if part == text or (not part.isdigit() and core_of(part)))


def core_of(text: str) -> str:
    """Return a name without period, version and what kind of file it is; what is left may be empty.

    >>> core_of("市场部OKR_最终版(2)"), core_of("2026Q4 OKR"), core_of("Marketing OKRs v2 (final)")
    ('市场部', '', 'Marketing')
    """
    kept = unicodedata.normalize("NFKC", text)
    for pattern in (_VERSION, _PERIOD, _KIND):
        kept = pattern.sub(" ", kept)
    kept = re.sub(r"[(\[【]\s*[)\]】]", " ", kept)
    return " ".join(kept.split()).strip(" _-—–·|,，.、:：()[]【】") if kept.strip() else ""


def periods(text: str) -> list[str]:
    """Return the texts in a name or title that may name its period: as written, and as `2026Q4`.

    >>> periods("市场部 2026年第四季度 OKR")
    ['市场部 2026年第四季度 OKR', '2026年第四季度', '2026Q4']
    """
    found = [text]
    for match in _PERIOD.finditer(unicodedata.normalize("NFKC", text)):
        written = match[0].strip()
        found += [written, _usual(written)]
    return _distinct(found)


def _usual(written: str) -> str:
    """Write a period as most companies write their ids: `2026Q4`, `2026H2`, `2026`."""
    narrow = re.sub(r"\s+", "", written).upper()
    year = re.search(r"20\d{2}", narrow)
    short = re.match(r"(\d{2})(?=年|Q|H|S|第|[上下])", narrow)
    told = year[0] if year else f"20{short[1]}" if short else ""
    if quarter := re.search(r"Q([1-4])|([一二三四1-4])季", narrow):
        number = quarter[1] or _QUARTERS.get(quarter[2], quarter[2])
        return f"{told}Q{number}"
    if half := re.search(r"[HS]([12])|([上下])半年", narrow):
        return f"{told}H{half[1] or ('1' if half[2] == '上' else '2')}"
    return told if "月" not in narrow else narrow


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
