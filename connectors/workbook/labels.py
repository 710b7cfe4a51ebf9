"""The labels by which a sheet is understood, in any width, case and spacing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.workbook.grid import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECTIVE, KR = "objective", "kr"

WORDS: dict[str, tuple[str, ...]] = {
    "carries": (
        "承接", "对齐", "上级kr", "上级o", "上级目标", "上级okr", "上级关键结果",
        *(f"{verb}{of}{what}" for verb in ("承接", "承接的", "对齐", "对齐的") for of in ("", "上级", "上级的")
          for what in ("o", "kr", "okr", "o/kr", "目标", "关键结果")),
        "承接上级", "对齐上级", "alignsto", "alignedto", "alignswith", "aligns", "alignment", "carries",
        "parentkr", "parento", "parentokr", "parentkeyresult", "parentobjective", "supports",
    ),
    "objective": (
        "o", "目标", "objective", "objectives", "目标o", "o目标", "目标描述", "目标内容", "o描述", "oobjective",
        "objectiveo",
    ),
    "owner": ("责任人", "负责人", "owner", "owners", "唯一责任人", "责任者"),
    "members": ("成员", "参与人", "参与人员", "团队成员", "members", "member", "participants"),
    "confidence": ("信心", "信心指数", "信心值", "信心度", "confidence", "confidencelevel"),
    "kr": (
        "kr", "krs", "关键结果", "keyresult", "keyresults", "关键结果kr", "kr关键结果", "kr描述", "kr内容", "关键成果",
        "关键结果描述", "krkeyresult", "keyresultkr", "krkeyresults",
    ),
    "due_on": (
        "完成日期", "截止日期", "计划完成日期", "due", "duedate", "dueon", "deadline", "完成时间", "截止时间",
        "计划完成时间", "完成期限",
    ),
    "party": (
        "握手方", "协同方", "依赖团队", "partner", "partners", "握手团队", "握手部门", "协同部门", "协同团队",
        "依赖部门", "依赖方", "handshakeparty", "handshakepartner", "handshakewith",
    ),
    "point": (
        "握手点", "详细握手点", "握手点说明", "详细握手点说明", "need", "needs", "握手内容", "handshakepoint",
        "handshakepoints",
    ),
    "response": ("回应", "反馈", "response", "握手回应", "握手反馈"),
    "response_reason": ("理由", "原因", "reason", "回应理由", "不接受理由", "反馈理由"),
    "progress": ("进度", "progress", "完成进度", "当前进度", "完成率"),
    "stated_id": ("编号", "id"),
    "person": ("姓名", "员工", "person", "员工姓名", "employee"),
    "unit": (
        "部门", "所属部门", "部门名称", "单位", "单位名称", "组织", "组织单元", "unit", "orgunit", "department",
    ),
    "period": ("周期", "okr周期", "考核周期", "目标周期", "period", "okrperiod"),
}  # fmt: skip
"""What each label means, as `folded` writes it."""

DIRECT = (
    "needed_by", "metric", "comparator", "baseline", "target", "measure_unit", "rollup", "weight", "url",
    "origin", "state", "visibility",
)  # fmt: skip
"""Columns that no label of ours means, but one of the settings' `columns` may."""

NAMES = {
    **{role: role for role in WORDS},
    **{name: name for name in DIRECT},
    "owner_ids": "owner", "member_ids": "members", "person_id": "person", "unit_id": "unit", "period_id": "period",
    "parent_id": "carries", "title": "kr", "objectives.title": "objective", "key_results.title": "kr",
    "objective_id": "objective.stated_id", "kr_id": "kr.stated_id",
    "objective.owner": "objective.owner", "objectives.owner_ids": "objective.owner",
    "kr.owner": "kr.owner", "key_results.owner_ids": "kr.owner",
    "objectives.confidence": "objective.confidence", "key_results.confidence": "kr.confidence",
}  # fmt: skip
"""What the settings' `columns` may call a role: by its own name or by that of the canonical column."""

_MEANING = {word: role for role, words in WORDS.items() for word in words}

_LEVELS = {
    "o": OBJECTIVE,
    "目标": OBJECTIVE,
    "objective": OBJECTIVE,
    "kr": KR,
    "关键结果": KR,
    "keyresult": KR,
}

_LEVELLED = ("owner", "members", "confidence", "progress", "due_on", "stated_id", "party", "point")
"""What an O or a KR may have, so that `O` or `KR` before it says whose."""

_BRACKET = r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>|《[^《》]*》"
_BEHIND = re.compile(rf"(?:{_BRACKET})$")
_BEFORE = re.compile(rf"^(?:{_BRACKET})")
_INNER = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_NUMBERED = re.compile(r"(o|目标|objective|kr|关键结果|keyresult)[#-]?(\d{1,3}|[一二三四五六七八九十])")
_COUNTED = {numeral: number for number, numeral in enumerate("一二三四五六七八九十", 1)}
_EDGE = "*:.、;-—_%#/|★☆✱✳※•·"
_UNSEEN = re.compile(f"[\u00ad{INVISIBLE}]")
_SEAM = re.compile(r"(?<=[a-z])[,、]?(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])[,、]?(?=[a-z])|[/|]")
"""Where one language of a label may end and the other begin, or one word for it and the next."""

_INLINE = re.compile(r"^([^:：\n]{1,60}?)\s*[:：]\s*(.*)$", re.DOTALL)
_TITLED = re.compile(
    r"^\s*((?:[OoＯｏ]|[KkＫｋ][RrＲｒ]|目标|关键结果)\s?[0-9０-９]{1,3})"
    r"(?:\s*(?:\.(?![0-9０-９])|[、)）．])\s*|\s+|(?=[\u4e00-\u9fff《“「【]))(?=\S)(.*)$",
    re.DOTALL,
)
_LINKED = re.compile(
    r"^\s*((?:承接|对齐)(?:上级)?的?|align(?:s|ed)?\s+(?:to|with))\s*"
    r"((?:[OoＯｏ]|[KkＫｋ][RrＲｒ]|目标|关键结果)\s*[0-9０-９](?:[\s\dOoＯｏKkＫｋRrＲｒ０-９\-–—/／:：、，,;；()（）%％.和]|目标|关键结果)*)$",
    re.IGNORECASE,
)
_SPACED = re.compile(r"^\s*(\S+)\s+(\S.*)$", re.DOTALL)
_SAID_AFTER_SPACE = ("owner", "members", "confidence", "person")

LONGEST = 40
"""No label is longer without its bracket; longer cells are not looked at."""

LONGEST_BRACKET = 300
"""What stands behind a label in brackets may explain at length what is to be filled in."""


@dataclass(frozen=True)
class Label:
    """What a cell says about cells beside or below it.

    Attributes:
        role: what is meant, a key of WORDS or one of DIRECT.
        level: `objective` or `kr` where the label says whose, else None.
        number: of `O1` or `KR2`.
        value: what stands in the same cell behind the label, None where nothing does.
        text: the label as written.
        members: it names owner and members, in this order, in one cell.
        loose: only white space, or nothing, stands between label and value: it may be a mere title.
    """

    role: str
    text: str
    level: str | None = None
    number: int | None = None
    value: str | None = None
    members: bool = False
    loose: bool = False


def folded(text: str) -> str:
    """Write a label in one way: width, case, spacing, colon, star and bracket do not matter.

    >>> folded("＊ ＫＲ 责任人（必填）："), folded("Due Date *"), folded("【必填】★信心")
    ('kr责任人', 'duedate', '信心')
    """
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
    text = re.sub(r"\s+", "", text).strip(_EDGE)
    for bracket in (_BEHIND, _BEFORE):
        while len(bare := bracket.sub("", text).strip(_EDGE)) < len(text) and bare:
            text = bare
    return text


class Labels:
    """Knows labels: those of WORDS, and those that the settings add."""

    def __init__(self, columns: Mapping[str, str] | None = None) -> None:
        self._more = {folded(label): NAMES[name] for label, name in (columns or {}).items()}
        self._seen: dict[str, Label | None] = {}

    def of(self, value: object) -> Label | None:
        """Return what a cell says as a label, alone or with its value behind it; None: it is none."""
        if type(value) is not str or not value:
            return None
        if value not in self._seen:
            if len(self._seen) > 50_000:
                self._seen.clear()
            self._seen[value] = self._read(value)
        return self._seen[value]

    def _read(self, text: str) -> Label | None:
        text = text.strip()
        short = len(text) <= LONGEST or (len(text) <= LONGEST_BRACKET and text.rstrip(" :：*＊")[-1:] in ")）]】>》〕")
        if short and (alone := self._alone(text)):
            return alone
        if (found := _INLINE.match(text)) and (label := self._alone(found[1])):
            return replace(label, text=found[1].strip(), value=found[2].strip() or None)
        return self._loose(text)

    def _loose(self, text: str) -> Label | None:
        """Return a label whose value stands behind it without a colon: `O1 …`, `承接 KR2`, `责任人 张三`."""
        for form in (_TITLED, _LINKED):
            if (found := form.match(text)) and (label := self._alone(found[1])):
                return replace(label, text=found[1].strip(), value=found[2].strip(), loose=form is _LINKED)
        head, broken, rest = text.partition("\n")
        if broken and rest.strip() and len(head) <= LONGEST and (label := self._alone(head)):
            return replace(label, text=head.strip(), value=rest.strip(), loose=True)
        if len(text) <= LONGEST and (found := _SPACED.match(text)) and not found[1].isascii():
            label = self._alone(found[1])
            if label is not None and label.role in _SAID_AFTER_SPACE:
                return replace(label, value=found[2].strip(), text=found[1], loose=True)
        return None

    def _alone(self, text: str) -> Label | None:
        word = folded(text)
        if not word or len(word) > LONGEST:
            return None
        label = self._word(word, text)
        if label is None and (without := _INNER.sub("", word)) != word:
            label = self._word(without, text)
        return label if label is not None else self._twice(word, text)

    def _word(self, word: str, text: str) -> Label | None:
        if word in self._more:
            level, _, role = self._more[word].rpartition(".")
            return Label(role, text, level or None)
        if word in _MEANING:
            return Label(_MEANING[word], text, members=_names_members(text))
        if found := _NUMBERED.fullmatch(word):
            number = _COUNTED.get(found[2]) or int(found[2])
            return Label(_LEVELS[found[1]], text, number=number)
        for start, level in _LEVELS.items():
            role = _MEANING.get(word.removeprefix(start).removeprefix("的")) if word.startswith(start) else None
            if role in _LEVELLED:
                return Label(role, text, level, members=_names_members(text))
        return None

    def _twice(self, word: str, text: str) -> Label | None:
        """Return a label that is said twice, in two languages or by two words: `责任人 Owner`."""
        for seam in _SEAM.finditer(word):
            one = self._word(word[: seam.start()].strip(_EDGE), text)
            other = self._word(word[seam.end() :].strip(_EDGE), text) if one else None
            if one is None or other is None:
                continue
            if one.role == other.role and (one.number == other.number or None in (one.number, other.number)):
                number = other.number if one.number is None else one.number
                return replace(one, level=one.level or other.level, number=number, members=_names_members(text))
            if (one.role, other.role) == ("owner", "members"):
                return replace(one, level=one.level or other.level, members=True)
        return None


def _names_members(text: str) -> bool:
    """Say whether the bracket behind a label names owner and members, as in `责任人（责任人，成员）`."""
    bracket = re.search(r"[(（【\[](.*)[)）】\]]\W*$", text, re.DOTALL)
    return bool(bracket) and any(word in bracket[1].casefold() for word in ("成员", "参与人", "members"))
