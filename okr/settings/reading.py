"""From the file to the model, or to all of its problems at once."""

from __future__ import annotations

import os
import re
import tomllib
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

from pydantic import BaseModel, ValidationError

from okr.errors import SettingsError
from okr.settings.checks import checks
from okr.settings.model import Settings
from okr.settings.names import full_key
from okr.settings.problems import problems_of
from okr.settings.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Sections that are always there, so that their defaults are read with the folder known.
SECTIONS = tuple(
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type(BaseModel)) or get_origin(field.annotation) is dict
)
PLACE = re.compile(r" ?\(at line (\d+), column (\d+)\)$")
# What tomllib says at the start of its message, and our code for it.
SYNTAX = (
    ("Cannot declare", "settings_syntax_twice"),
    ("Cannot overwrite", "settings_syntax_twice"),
    ("Cannot redefine", "settings_syntax_twice"),
    ("Cannot mutate", "settings_syntax_twice"),
    ("Duplicate inline table key", "settings_syntax_twice"),
    ("Expected '=' after", "settings_syntax_equals"),
    ("Invalid value", "settings_syntax_value"),
    ("Unterminated string", "settings_syntax_string"),
    ("Expected \"'''\"", "settings_syntax_string"),
    ("Invalid date or datetime", "settings_syntax_value"),
    ("Illegal character", "settings_syntax_string"),
    ("Unescaped '\\'", "settings_syntax_backslash"),
    ("Invalid hex value", "settings_syntax_backslash"),
    ("Unclosed array", "settings_syntax_bracket"),
    ("Unclosed inline table", "settings_syntax_bracket"),
    ("Expected ']", "settings_syntax_name"),
    ("Expected newline or end of document", "settings_syntax_line"),
    ("Invalid initial character for a key part", "settings_syntax_name"),
)


def load(path: Path | None = None, *, rule_codes: Collection[str] | None = None) -> Settings:
    """Read the settings.

    Args:
        path: the file; None: OKR_CONFIG, else `okr.toml` in the present folder.
        rule_codes: the codes of the rules that exist; None: only their shape is checked.

    Raises:
        SettingsError: `settings_wrong` with all `problems`, each naming the file and the key's full
            name; or what keeps the file from being read at all, for a syntax error with its line.
            `values["language"]` is the language that the file asks for, if it can be told.
    """
    named = path if path is not None else Path(os.environ.get("OKR_CONFIG") or "okr.toml")
    return parse(read(named), named, rule_codes=rule_codes)


def parse(content: str, named: Path, *, rule_codes: Collection[str] | None = None) -> Settings:
    """Settings out of the content of a file that stands, or will stand, at `named`.

    Raises:
        SettingsError: as `load` says.
    """
    file = str(named)
    data = _toml(content, file)
    there = Path(os.path.abspath(named))  # noqa: PTH100 - a link's own folder, not its target's
    context = {"folder": there.parent, "zone": _zone(data)}
    filled = data | {name: data.get(name, {}) for name in SECTIONS}
    settings, problems = None, list[SettingsError]()
    try:
        settings = Settings.model_validate(filled, context=context)
    except ValidationError as error:
        problems += problems_of(error, data, file)
    problems = _once([*problems, *checks(data, file, rule_codes)])
    if problems or settings is None:
        language = data.get("language") if data.get("language") in {"zh", "en"} else None
        raise SettingsError(
            "settings_wrong",
            problems=tuple(problems),
            file=file,
            count=len(problems),
            language=language,
        )
    for key, secret in secrets(settings):
        secret.placed(key, file)
    return settings.placed(there)


def read(file: Path) -> str:
    """The file's text, without a byte order mark.

    Raises:
        SettingsError: it is not there, a folder, not readable, or not UTF-8.
    """
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SettingsError("settings_missing", file=str(file)) from None
    except IsADirectoryError:
        raise SettingsError("settings_is_folder", file=str(file)) from None
    except (OSError, ValueError):
        raise SettingsError("settings_unreadable", file=str(file)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError("settings_not_utf8", file=str(file), line=line) from None


def secrets(settings: BaseModel, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Secret]]:
    """Every secret that the settings name, with the full name of its key."""
    for name in type(settings).model_fields:
        yield from _secrets(getattr(settings, name), (*path, name))


def _secrets(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str, Secret]]:
    if isinstance(value, Secret):
        yield full_key(path), value
    elif isinstance(value, BaseModel):
        yield from secrets(value, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, (*path, name))


def _zone(data: dict[str, Any]) -> zoneinfo.ZoneInfo:
    """The zone for times without an offset; where the named one is wrong that is told elsewhere."""
    try:
        return zoneinfo.ZoneInfo(data["timezone"])
    except (KeyError, TypeError, AttributeError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


def _toml(content: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except RecursionError:
        raise SettingsError("settings_too_deep", file=file) from None
    except ValueError as error:
        raise _syntax(str(error), content, file) from None


def _syntax(message: str, content: str, file: str) -> SettingsError:
    """The parser's finding in our words: where it is, and what is most likely meant."""
    lines = content.splitlines() or [""]
    place = PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (len(lines), len(lines[-1]) + 1)
    code = next((ours for start, ours in SYNTAX if message.startswith(start)), "settings_syntax")
    written = lines[line - 1] if line <= len(lines) else ""
    if _bare_key_beyond_ascii(written):
        code = "settings_syntax_name"
    return SettingsError(code, file=file, line=line, column=column)


def _bare_key_beyond_ascii(line: str) -> bool:
    """Whether a name in other letters stands there without quotes: `[sources.人事]`."""
    name = line.partition("#")[0].partition("=")[0]
    return not re.sub(r'"[^"]*"|\'[^\']*\'', "", name).isascii()


def _once(problems: list[SettingsError]) -> list[SettingsError]:
    """Each key's first problem; several checks may look at one key."""
    seen: set[tuple[object, str]] = set()
    return [p for p in problems if not ((k := (p.values.get("key"), p.code)) in seen or seen.add(k))]
