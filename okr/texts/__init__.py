"""Every sentence a person reads, by its code, in Chinese and in English.

The sentences stand in `okr/texts/zh/*.toml` and `okr/texts/en/*.toml`. All files of a language
make one tree; a code is the dotted path to its sentence (`error.settings_missing`). `{name}` stands
for a value; `{count:row|rows}` picks a word by a number (one | any other).
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from okr.texts.values import shown

if TYPE_CHECKING:
    from okr.errors import OkrError

Language = Literal["zh", "en"]

FOLDER = Path(__file__).parent
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

    def filled(match: re.Match[str]) -> str:
        name, one, other = match.groups()
        if name not in values:
            return match.group()
        if one is not None:
            return one if values[name] == 1 else other
        return shown(values[name], lang)

    return PLACEHOLDER.sub(filled, sentence)


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
