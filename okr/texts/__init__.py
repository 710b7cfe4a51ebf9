"""Every sentence a person reads, by its code, in Chinese and in English.

The sentences stand in `okr/texts/zh/*.toml` and `okr/texts/en/*.toml`. All files of a language
make one tree; a code is the dotted path to its sentence (`error.settings_missing`). `{name}` stands
for a value; `{count:row|rows}` picks a word by a number (one | any other). What stands in `[[…]]` is left out
where a value in it is not there or empty: `[[; near it: {nearest}]]`. A value may itself be a sentence, or a list
of them (`sentence`).
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from okr.texts.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from okr.errors import OkrError

Language = Literal["zh", "en"]

FOLDER = Path(__file__).parent
OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}|]*)\|([^{}|]*))?\}")


def text(code: str, lang: Language, /, **values: object) -> str:
    """The sentence of a code in a language, with its values filled in.

    Never raises: a message about a failure must not become a failure itself. An unknown code comes
    back as it is with its values behind it; a placeholder without a value stays as it stands.
    """
    sentence = sentences(lang).get(code)
    if sentence is None:
        told = ", ".join(f"{name}={shown(value, lang)}" for name, value in values.items())
        return f"{code} ({told})" if told else code

    def wanted(match: re.Match[str]) -> str:
        names = (found[1] for found in PLACEHOLDER.finditer(match[1]))
        return match[1] if not any(_empty(values.get(name)) for name in names) else ""

    def filled(match: re.Match[str]) -> str:
        name, one, other = match.groups()
        if name not in values:
            return match.group()
        if one is not None:
            return one if values[name] == 1 else other
        return _said(values[name], lang)

    return PLACEHOLDER.sub(filled, OPTIONAL.sub(wanted, sentence))


def sentence(code: str, values: Mapping[str, object]) -> dict[str, object]:
    """A sentence as a value in another one, in no language yet: codes and values, fit for JSON."""
    return {"sentence": code, "values": dict(values)}


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def _said(value: object, lang: Language) -> str:
    """A value in a sentence; sentences in it are made in its language and follow one another."""
    if _is_sentence(value):
        told = cast("dict[str, Any]", value)
        return text(str(told["sentence"]), lang, **told["values"])
    if isinstance(value, list) and value and all(map(_is_sentence, value)):
        return ("" if lang == "zh" else " ").join(_said(each, lang) for each in value)
    return shown(value, lang)


def known(code: str, lang: Language = "en") -> bool:
    """Whether there is a sentence for this code."""
    return code in sentences(lang)


def told(error: OkrError, lang: Language) -> list[str]:
    """The sentences of an error: its own, and where it holds several problems one for each."""
    problems = cast("tuple[OkrError, ...]", getattr(error, "problems", ()))
    head = text(f"error.{error.code}", lang, **error.values)
    if len(problems) == 1:
        return told(problems[0], lang)
    return [head, *(line for problem in problems for line in told(problem, lang))]


def _is_sentence(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"sentence", "values"} and isinstance(value["values"], dict)


@lru_cache(maxsize=2)
def sentences(lang: Language) -> dict[str, str]:
    """All sentences of a language by code. An unknown language is read as English."""
    found: dict[str, str] = {}
    folder = FOLDER / ("zh" if lang == "zh" else "en")
    for file in sorted(folder.glob("*.toml")):
        _flatten(tomllib.loads(file.read_text(encoding="utf-8")), "", found)
    return found


def _flatten(tree: dict[str, object], prefix: str, into: dict[str, str]) -> None:
    for name, value in tree.items():
        if isinstance(value, dict):
            _flatten(cast("dict[str, object]", value), f"{prefix}{name}.", into)
        else:
            into[f"{prefix}{name}"] = str(value)


def language(flag: str | None = None, settings_language: str | None = None) -> Language:
    """The language to speak: --lang, else OKR_LANG, else the settings, the locale, English.

    What is no language of ours is passed over, so that this never fails.
    """
    for wish in (flag, os.environ.get("OKR_LANG"), settings_language, _locale()):
        start = (wish or "").strip().lower()[:2]
        if start in {"zh", "en"}:
            return cast("Language", start)
    return "en"


def _locale() -> str | None:
    """The language of messages that the environment asks for (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    return None
