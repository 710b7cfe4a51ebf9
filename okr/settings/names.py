"""Names of keys: how they are written, which ones are known where, which known one is nearest."""

from __future__ import annotations

import re
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BARE = re.compile(r"[A-Za-z0-9_-]+")


def full_key(path: Sequence[str | int]) -> str:
    """A key as one writes it in TOML: `sources."人事 库".tables`; entries of lists count from 1."""
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f"[{part + 1}]"
        else:
            told += "." if told else ""
            told += part if BARE.fullmatch(part) else quoted(part)
    return told


def quoted(name: str) -> str:
    """A text as a TOML basic string."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _escaped(c) for c in escaped) + '"'


def _escaped(char: str) -> str:
    if short := {"\n": "\\n", "\t": "\\t"}.get(char):
        return short
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"  # half a character, as a terminal may give it; TOML cannot hold it
    return f"\\u{ord(char):04X}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08X}"


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like the name; of equally near ones the first."""
    choices = list(candidates)
    if not choices:
        return None
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - only needed where something is wrong

    found = process.extractOne(name, choices, scorer=fuzz.ratio, processor=utils.default_process)
    return found[0] if found else choices[0]


def known_keys(model: type[BaseModel], data: object, path: Sequence[str | int]) -> list[str]:
    """The full names of the keys that may stand where `path` (the key itself included) stands.

    Where one of them may stand at another known place and here is nothing like it, that place is
    among them: the usual mistake is a key that slipped under the wrong section header.
    """
    here = section_at(model, data, path[:-1])
    keys = [full_key([*path[:-1], name]) for name in (here.model_fields if here else ())]
    name = path[-1]
    if here is not model and name in model.model_fields:
        return [full_key([name])]
    if here is not None and name not in here.model_fields:
        elsewhere = [
            full_key([section, name])
            for section, field in model.model_fields.items()
            if (under := _model_of(field.annotation, None)) and name in under.model_fields
        ]
        if len(elsewhere) == 1 and here is model:
            return elsewhere
    return keys


def section_at(
    model: type[BaseModel], data: object, path: Sequence[str | int]
) -> type[BaseModel] | None:
    """The model of the section at a path; of a union the one that the data's `kind` names."""
    annotation: Any = model
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
        annotation = _step(annotation, part, data)
    return _model_of(annotation, data)


def _step(annotation: Any, part: str | int, data: object) -> Any:  # noqa: ANN401 - a type form
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        annotation = field.annotation if field else None
    elif get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    return _model_of(annotation, data) or annotation


def _model_of(annotation: Any, data: object) -> type[BaseModel] | None:  # noqa: ANN401
    """The model that an annotation means: itself, one of a union by `kind`, or the optional one."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    options = (
        get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    )
    models = [o for o in options if isinstance(o, type) and issubclass(o, BaseModel)]
    if len(models) < 2:
        return models[0] if models else None
    kind = data.get("kind") if isinstance(data, dict) else None
    return next((m for m in models if kind in kinds_of(m)), None)


def kinds_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The values of `kind` that a model stands for."""
    field = model.model_fields.get("kind")
    if field is None or get_origin(field.annotation) is not Literal:
        return ()
    return get_args(field.annotation)
