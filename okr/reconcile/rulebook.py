"""The rules as their files tell of them: one SQL file a rule, its header in front."""

from __future__ import annotations

import importlib.resources
import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Language = Literal["zh", "en"]

SEVERITIES = ("critical", "major", "minor", "info")
"""Worst first."""

PROVISIONAL = ("AL101", "AL102", "AL109", "HS201", "HS204", "HS205")
"""Gaps that rows which never came could close."""

CLOSED_BY: Mapping[str, tuple[str, ...]] = {"people": ("HS205",), "dependencies": (), "meetings": ()}
"""Which of them rows of a table can close, where not all."""

_HEADER = re.compile(r"-- (?P<key>[a-z]+(?:_(?:zh|en))?)(?:\.(?P<case>[a-z_]+))?: (?P<value>.*)")
_CONFIDENTIAL = {"zh": "（内容不公开）", "en": "(confidential)"}


@dataclass(frozen=True)
class Rule:
    """A rule: its header and its query, which returns offenders."""

    code: str
    name: str
    severity: str
    subject: str
    query: str
    limit: float | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    def title(self, language: Language) -> str:
        """Return the rule's title."""
        return self.texts[f"title_{language}"]

    def why(self, language: Language) -> str:
        """Return why it matters."""
        return self.texts[f"why_{language}"]

    def closes(self, language: Language) -> str:
        """Return what closes such a gap."""
        return self.texts[f"closes_{language}"]

    def messages(self, language: Language) -> dict[str, str]:
        """Return the message's templates by case; a rule of one case has it under an empty name."""
        head = f"message_{language}"
        return {key[len(head) :].lstrip("."): told for key, told in self.texts.items() if key.startswith(head)}

    def message(self, language: Language, detail: Mapping[str, Any]) -> str:
        """Return the message of a gap.

        Args:
            language: in which it is read.
            detail: the gap's values, with `unit`, `other` and `subject_id` beside those of `detail`.
        """
        case = detail.get("case")
        template = self.texts[f"message_{language}" + (f".{case}" if case else "")]
        return template.format_map(_Told(detail, language))


class _Told(dict[str, str]):
    """Values as a reader sees them. What is null is not for everybody."""

    def __init__(self, detail: Mapping[str, Any], language: Language) -> None:
        super().__init__()
        self._detail = detail
        self._language: Language = language

    def __missing__(self, key: str) -> str:
        if key == "reason" and "text" in self._detail:
            scopes = self._detail.get("scopes") or ["?"]
            values = {"file": scopes[0], "source": self._detail.get("subject_id")}
            values |= json.loads(self._detail.get("values") or "{}")
            return text(self._detail["text"], self._language, **values) if self._detail["text"] else "?"
        if key == "candidates":
            return self._candidates()
        if key == "field" and "field" in self._detail:
            return text(f"field.{self._detail['field']}", self._language)
        return told(self._detail.get(key), self._language)

    def _candidates(self) -> str:
        names = self._detail.get("candidates") or []
        if not names:
            return ""
        joined = told(names, self._language)
        return f"是不是指 {joined}？" if self._language == "zh" else f"Did you mean {joined}? "


def told(value: object, language: Language) -> str:  # noqa: PLR0911 (a case a kind of value)
    """Return a value of a gap's detail as text: a thing by its label and title, if those are for everybody."""
    if value is None:
        return _CONFIDENTIAL[language]
    if isinstance(value, dict):
        label, title = value.get("label") or "?", value.get("title")
        if value.get("hidden"):
            return f"{label}{_CONFIDENTIAL[language]}" if language == "zh" else f"{label} {_CONFIDENTIAL[language]}"
        if title is None:
            return label
        return f"{label}「{title}」" if language == "zh" else f"{label} “{title}”"
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(told(item, language) for item in value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def provisional(tables: Iterable[str]) -> list[str]:
    """Return the codes of gaps that rows of these tables, which never came, could close."""
    closed = {code for table in tables for code in CLOSED_BY.get(table, PROVISIONAL)}
    return [code for code in PROVISIONAL if code in closed]


@cache
def rules() -> dict[str, Rule]:
    """Return every rule by its code, in the order of codes."""
    folder = importlib.resources.files("okr.reconcile").joinpath("rules")
    found = [_parse(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".sql")]
    return {rule.code: rule for rule in sorted(found, key=lambda rule: rule.code)}


def _parse(source: str) -> Rule:
    header, _, query = source.partition("\n\n")
    values: dict[str, str] = {}
    for line in header.splitlines():
        matched = _HEADER.fullmatch(line)
        if not matched:
            raise ValueError(f"not a line of a rule's header: {line!r}")
        case = matched["case"]
        values[matched["key"] + (f".{case}" if case else "")] = matched["value"]
    limit = values.pop("limit", None)
    code, name, severity, subject = (values.pop(key) for key in ("code", "name", "severity", "subject"))
    return Rule(code, name, severity, subject, query, None if limit is None else float(limit), values)
