"""The annotated example holds every setting; what `okr init` writes reads back."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import schemas
from okr.settings import (
    Answers,
    MeetingAnswer,
    Settings,
    SourceAnswer,
    parse,
    write_settings,
)
from okr.settings.checks import FORBIDDEN_IN_IDS, TABLES
from okr.settings.names import section_at
from okr.texts import text

EXAMPLE = Path(__file__).parents[3] / "deployments" / "okr.toml"
ALL_ON = re.sub(r"(?m)^#(?! |$)", "", EXAMPLE.read_text(encoding="utf-8"))


def say(code: str, lang="zh") -> str:
    return text(f"comment.{code}", lang)


def test_the_tables_are_those_of_the_schemas():
    assert tuple(schemas.TABLES) == TABLES


def test_the_example_runs_as_it_is():
    settings = parse(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE)
    assert list(settings.sources) == ["planning"]


def test_the_example_with_everything_taken_in():
    settings = parse(ALL_ON, EXAMPLE)
    assert {source.kind for source in settings.sources.values()} == {"tables", "sql", "workbook"}
    assert {target.kind for target in settings.targets.values()} == {"sql", "folder"}


def keys_of(data: dict, model: type[BaseModel], path: tuple[str, ...] = ()):
    """(model's name, key) for every key in the file whose section is a model."""
    for name, value in data.items():
        section = section_at(Settings, tomllib.loads(ALL_ON), path)
        if section is not None:
            yield section.__name__, name
        if isinstance(value, dict):
            yield from keys_of(value, model, (*path, name))


def models(model: type[BaseModel], seen: set[type[BaseModel]]):
    """Every model that stands in a model."""
    if model in seen:
        return seen
    seen.add(model)
    waiting: list[object] = [field.annotation for field in model.model_fields.values()]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            models(one, seen)
        waiting += get_args(one)
    return seen


def test_the_example_names_every_setting():
    shown = set(keys_of(tomllib.loads(ALL_ON), Settings))
    common = {name for model, name in shown if model == "TablesSource"}
    known = {
        (model.__name__, name)
        for model in models(Settings, set())
        if model.__name__ != "Secret"  # its three forms stand at the head of the example
        for name in model.model_fields
        # what every source may say is shown once
        if not (model.__name__ in {"SqlSource", "WorkbookSource"} and name in common - {"path"})
    }
    assert known - shown == set()


def test_the_example_shows_the_defaults():
    data, settings = tomllib.loads(ALL_ON), parse('timezone = "Asia/Shanghai"', EXAMPLE)
    for section in ("ledger", "engine", "packs", "landing", "retention", "advice", "schedule"):
        shown = parse(f'timezone = "Asia/Shanghai"\n[{section}]\n', EXAMPLE)
        assert getattr(shown, section) == getattr(settings, section)
        for name, value in data[section].items():
            default = getattr(getattr(settings, section), name)
            if default is not None:
                assert str(default).endswith(str(value).removeprefix("sqlite:///")), (section, name)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: name == name.strip() and not FORBIDDEN_IN_IDS.search(name)
)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(
    name=NAMES,
    line=LINES,
    query=WORDS,
    lang=st.sampled_from(["zh", "en"]),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_what_is_written_reads_back_as_it_was_said(name, line, query, lang, at):
    answers = Answers(
        timezone="Asia/Shanghai",
        language=lang,
        period=line,
        sources=[
            SourceAnswer(
                name,
                "sql",
                url="sqlite:////srv/hr.sqlite",
                password_env="HR",
                tables={"people": query},
            ),
            SourceAnswer(name + "2", "tables", path="/srv/planning"),
            SourceAnswer(name + "3", "workbook", path=["/srv/in/*.xlsx", "/srv/more"]),
        ],
        meetings=[MeetingAnswer(name, line, line, at, [line], line)],
    )
    settings = parse(write_settings(answers, partial(say, lang=lang)), Path("/srv/okr.toml"))
    assert (settings.period, settings.language) == (line, lang)
    hr, planning, units = settings.sources.values()
    assert list(settings.sources) == [name, name + "2", name + "3"]
    assert hr.tables == {"people": query}
    assert planning.path == Path("/srv/planning")
    assert units.path == ["/srv/in/*.xlsx", "/srv/more"]
    meeting = settings.meetings[name]
    assert (meeting.unit, meeting.title, meeting.hrbp) == (line, line, [line])
    assert meeting.starts_at == at


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_written_out_of_the_least_answers_reads_back(lang):
    written = write_settings(Answers(timezone="Europe/Berlin"), partial(say, lang=lang))
    assert parse(written, Path("okr.toml")).timezone == "Europe/Berlin"
    taken_in = re.sub(r"(?m)^#(?! |$)", "", written)
    settings = parse(taken_in, Path("okr.toml"))
    assert settings.meetings["market-2027q1"].starts_at.astimezone(UTC) == datetime(2026, 12, 18, 1, 30, tzinfo=UTC)
