"""What pydantic found, in our words: a code, the file, the key's full name, what was expected."""

from __future__ import annotations

import re
import zoneinfo
from typing import TYPE_CHECKING, Any

from okr.errors import SettingsError
from okr.settings.model import Settings
from okr.settings.names import full_key, nearest, nearest_key, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

CODES = {
    "string_type": "setting_not_text",
    "bool_type": "setting_not_boolean",
    "int_type": "setting_not_whole",
    "int_from_float": "setting_not_whole",
    "float_type": "setting_not_number",
    "finite_number": "setting_not_number",
    "list_type": "setting_not_list",
    "dict_type": "setting_not_section",
    "model_type": "setting_not_section",
    "model_attributes_type": "setting_not_section",
    "literal_error": "setting_not_choice",
    "union_tag_invalid": "setting_not_choice",
    "union_tag_not_found": "setting_missing",
    "missing": "setting_missing",
    "too_short": "setting_empty",
    "greater_than_equal": "setting_too_small",
    "less_than_equal": "setting_too_large",
}
# Sections whose models are told apart by `kind`; pydantic puts it into the place of a finding.
TAGGED = {"sources", "targets"}
# Where somebody may have written a secret: what stands there is never repeated.
UNSPOKEN = {"password", "secret", "url", "env", "file", "block"}


def problems_of(error: ValidationError, data: dict[str, Any], file: str) -> list[SettingsError]:
    """All findings of pydantic as our problems, in the order of the file's model.

    Args:
        error: what pydantic raised.
        data: the file's content.
        file: the file's name for messages.
    """
    return [_problem(found, data, file) for found in error.errors(include_url=False)]


def _problem(found: ErrorDetails, data: dict[str, Any], file: str) -> SettingsError:
    kind = found["type"]
    path = _path(found["loc"])
    context = dict(found.get("ctx", {}))
    if kind == "extra_forbidden":
        return unknown_key(path, data, file)
    if kind.startswith("union_tag"):
        path = (*path, "kind")
    code = CODES.get(kind, kind if kind.startswith("setting_") else "setting_wrong")
    values: dict[str, Any] = {"value": told(path, data)} if kind != "missing" else {}
    if code in VALUES:
        values |= VALUES[code](context, _value_at(data, path))
    return SettingsError(code, file=file, key=full_key(path), **values)


def _path(loc: Sequence[str | int]) -> Path:
    """Pydantic's place of a finding, without the kind that it puts behind a source's name."""
    path = tuple(loc)
    if len(path) > 2 and path[0] in TAGGED:
        path = (*path[:2], *path[3:])
    return path


def unknown_key(path: Path, data: dict[str, Any], file: str) -> SettingsError:
    """The problem of a key that nobody knows, with the nearest known one."""
    near = nearest_key(Settings, data, path)
    return SettingsError("setting_unknown", file=file, key=full_key(path), nearest=near)


def told(path: Path, data: object) -> str | None:
    """A value as it stands in the file, cut short; None where it might hold a secret."""
    if UNSPOKEN & set(path):
        return None
    value = _value_at(data, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    shown = quoted(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _value_at(data: object, path: Path) -> object:
    for part in path:
        try:
            data = data[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _choices(context: dict[str, Any], value: object) -> dict[str, object]:
    choices = re.findall(r"'([^']*)'", context.get("expected") or context.get("expected_tags", ""))
    return {"choices": choices, "nearest": nearest(str(value), choices)}


def _zone(_context: dict[str, Any], value: object) -> dict[str, object]:
    return {"nearest": nearest(str(value), sorted(zoneinfo.available_timezones()))}


VALUES: dict[str, Callable[[dict[str, Any], object], dict[str, object]]] = {
    "setting_not_choice": _choices,
    "setting_not_zone": _zone,
    "setting_too_small": lambda context, _: {"least": context.get("ge")},
    "setting_too_large": lambda context, _: {"most": context.get("le")},
}
