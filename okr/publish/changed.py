"""A change as people read it: how it was and how it is, side by side, in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.texts import text
from okr.texts.values import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from okr.texts import Language

Row = dict[str, Any]

WORDS = {"response", "decision"}
"""Values of a fixed set: `changes.<field>.<value>`."""


def sides(row: Mapping[str, Any], lang: Language) -> tuple[str, str]:
    """Return both texts of a change.

    Args:
        row: of `okr.reconcile.changes`.
        lang: in which words, where there are words of ours among them.

    Returns:
        How it was and how it is; a side that is not there is empty. What is not for everybody says so on both.
    """
    if row["hidden"]:
        told = text("changes.hidden", lang)
        return ("" if row["kind"] in {"added", "restored"} else told, "" if row["kind"] == "withdrawn" else told)
    return _side(row, "before", lang), _side(row, "after", lang)


def _side(row: Mapping[str, Any], end: str, lang: Language) -> str:
    absent = {"withdrawn"} if end == "after" else {"added", "restored"}
    if row["kind"] in absent:
        return ""
    values = {name: both[end] for name, both in row["shown"].items()}
    if row["kind"] == "re-targeted":
        return _target(values, lang)
    parts = [_told(name, value, lang) for name, value in values.items() if value not in (None, [])]
    if not parts and row["kind"] not in {"added", "restored", "withdrawn"}:
        return text("changes.nothing", lang)
    return text("changes.between", lang).join(parts)


def _told(name: str, value: Any, lang: Language) -> str:  # noqa: ANN401 - as it stands in the row
    if name in WORDS:
        return text(f"changes.{name}.{value}", lang)
    if name == "share":
        return f"{number(100 * value)}%"
    if isinstance(value, list):
        return text("changes.and", lang).join(str(each) for each in value)
    if isinstance(value, dict):
        title = value["title"]
        return value["label"] if title is None else text("changes.thing", lang, label=value["label"], title=title)
    return number(value) if isinstance(value, float) else str(value)


def _target(values: Mapping[str, Any], lang: Language) -> str:
    """Return a target as a whole: `revenue >= 30 M (from 20)`."""
    if values.get("target") is None and values.get("metric") is None:
        return text("changes.nothing", lang)
    target = values.get("target")
    parts = [
        values.get("metric"),
        values.get("comparator"),
        None if target is None else number(target),
        values.get("measure_unit"),
    ]
    told = " ".join(str(part) for part in parts if part is not None)
    if values.get("baseline") is None:
        return told
    return text("changes.from", lang, target=told, baseline=number(values["baseline"]))
