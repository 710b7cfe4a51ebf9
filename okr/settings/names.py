"""Names of keys: how they are written, which ones are known where, which known one is nearest."""

from __future__ import annotations

import re
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BARE = re.compile(r"[A-Za-z0-9_-]+")
ALIKE = 80  # of 100: from here on two names are most likely the same one, mistyped


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
    return _nearest(name, candidates)[0]


def _nearest(name: str, candidates: Iterable[str]) -> tuple[str | None, float]:
    """The nearest candidate, and how alike the two are (0 to 100)."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - only where something is wrong

    choices = list(candidates)
    found = process.extractOne(name, choices, scorer=fuzz.ratio, processor=utils.default_process)
    if found is None:
        return (choices[0] if choices else None), 0
    return found[0], found[1]


def nearest_key(model: type[BaseModel], data: object, path: Sequence[str | int]) -> str | None:
    """The full name of the known key that is nearest to an unknown one.

    That is a key of the same section. Only where nothing there is much like it, but something at
    the top of the file or in another section is, it is that: the usual mistake then is a key that
    slipped under the wrong section header.

    Args:
        model: of the whole file.
        data: the file's content.
        path: where the unknown key stands, itself included.
    """
    name = str(path[-1])
    section = section_at(model, data, path[:-1])
    here, likeness = _nearest(name, section.model_fields if section else ())
    if likeness < ALIKE:
        places = {key: place for place, key in _all_keys(model)}
        there, likeness_there = _nearest(name, places)
        if there is not None and likeness_there >= ALIKE:
            return places[there]
    return None if here is None else full_key([*path[:-1], here])


def _all_keys(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Full name and name of the keys of the sections that are always there, then of the top."""
    for section, field in model.model_fields.items():
        if under := _model_of(field.annotation, None):
            for name in under.model_fields:
                yield full_key([section, name]), name
    for name in model.model_fields:
        yield name, name


def section_at(model: type[BaseModel], data: object, path: Sequence[str | int]) -> type[BaseModel] | None:
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
    options = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
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
