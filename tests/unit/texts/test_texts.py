"""Sentences: the same codes and placeholders in both languages, and a text() that never fails."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.errors import OkrError, SettingsError
from okr.texts import FOLDER, PLACEHOLDER, known, language, sentence, sentences, text, told

CODES = sorted(set(sentences("zh")) | set(sentences("en")))


def placeholders(sentence: str) -> set[str]:
    return {match[1] for match in PLACEHOLDER.finditer(sentence)}


def test_both_languages_have_the_same_codes():
    assert set(sentences("zh")) ^ set(sentences("en")) == set()


def test_both_languages_have_the_same_files():
    zh, en = ({f.name for f in (FOLDER / lang).glob("*.toml")} for lang in ("zh", "en"))
    assert zh == en


@pytest.mark.parametrize("code", CODES)
def test_both_languages_fill_in_the_same_values(code):
    assert placeholders(sentences("zh")[code]) == placeholders(sentences("en")[code])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_code_stands_in_two_files(lang):
    def codes(tree, prefix=""):
        for name, value in tree.items():
            if isinstance(value, dict):
                yield from codes(value, f"{prefix}{name}.")
            else:
                yield prefix + name

    files = (tomllib.loads(f.read_text("utf-8")) for f in (FOLDER / lang).glob("*.toml"))
    counts = Counter(code for tree in files for code in codes(tree))
    assert [code for code, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("code", CODES)
def test_sentences_are_in_their_language(code):
    assert sentences("zh")[code].strip()
    assert not re.search(r"[。，；]", sentences("en")[code])


@pytest.mark.parametrize("nearest", [None, [], ""])
@pytest.mark.parametrize(
    "code", [code for code in CODES if re.match(r"quarantine\.unknown_|error\.unknown_(unit|period|meeting)", code)]
)
def test_where_nothing_is_near_nothing_is_said_of_it(code, nearest):
    for lang, none in (("zh", "（无）"), ("en", "(none)")):
        assert none not in text(
            code, lang, value="x", table="t", columns=["c"], unit="x", period="x", meeting="x", nearest=nearest
        )
        assert "[[" not in text(code, lang)
    assert "here" in text(code, "en", nearest=["here"]) or "{nearest}" not in sentences("en")[code]


def test_sentences_in_a_sentence_are_told_in_its_language():
    reasons = [
        sentence("error.workbook_password", {"file": "a.xlsx"}),
        sentence("error.workbook_gone", {"file": "b.xlsx"}),
    ]
    stored = json.loads(json.dumps(reasons))
    assert text("error.no_workbook_read", "en", reasons=stored) == (
        "None of the workbooks could be read. a.xlsx has a password and cannot be read. Save it again without the "
        "password to open. b.xlsx went away before it could be read."
    )
    assert text("error.no_workbook_read", "zh", reasons=stored).startswith("没有一个工作簿能够读取。a.xlsx")


def test_every_code_that_the_settings_raise_has_a_sentence():
    raised = set()
    for file in [*Path("okr/settings").glob("*.py"), *Path("okr/ledger").glob("*.py")]:
        for code in re.findall(r'"((?:settings?|secrets?|ledger|decision|okr)_\w+)"', file.read_text()):
            raised.add(code)
    raised -= {"okr_writes"}
    assert [code for code in sorted(raised) if not known(f"error.{code}")] == []


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (None, "（无）", "(none)"),
        ([], "（无）", "(none)"),
        (["a", "b"], "a、b", "a, b"),
        (("a", ["b", None]), "a、b、（无）", "a, b, (none)"),
        ({"b", "a"}, "a、b", "a, b"),
        ({"O1": 2}, "O1：2", "O1: 2"),
        (True, "是", "yes"),
        (0.1 + 0.2, "0.3", "0.3"),
        (5.0, "5", "5"),
        (1234567, "1234567", "1234567"),
        (float("inf"), "inf", "inf"),
        (date(2026, 11, 30), "2026-11-30", "2026-11-30"),
        (datetime(2026, 11, 30, 8, 30), *["2026-11-30 08:30"] * 2),
        (datetime(2026, 11, 30, 8, 30, 5, tzinfo=UTC), *["2026-11-30 08:30:05 UTC"] * 2),
        (
            datetime(2026, 11, 30, 8, 30, tzinfo=timezone(timedelta(hours=8))),
            *["2026-11-30 08:30 +08:00"] * 2,
        ),
        (time(8, 30), "08:30", "08:30"),
        (timedelta(days=7), "7 天", "7 days"),
        (timedelta(hours=1), "1 小时", "1 hour"),
        (timedelta(minutes=90), "90 分钟", "90 minutes"),
        (timedelta(seconds=0.5), "0.5 秒", "0.5 seconds"),
        ("市场部", "市场部", "市场部"),
        ("\x1b[2Ja\u202eb\u2028", "\\x1b[2Ja\\u202eb\\u2028", "\\x1b[2Ja\\u202eb\\u2028"),
        ("a\nb", "a\nb", "a\nb"),
        (Path("a/b"), "a/b", "a/b"),
    ],
)
def test_values_look_as_people_write_them(value, zh, en):
    assert text("no_such_code", "zh", x=value) == f"no_such_code (x={zh})"
    assert text("no_such_code", "en", x=value) == f"no_such_code (x={en})"


def test_an_unknown_code_stands_for_itself():
    assert text("error.never_heard_of", "en") == "error.never_heard_of"


def test_a_missing_value_leaves_its_place():
    assert "{key}" in text("error.setting_missing", "en", file="okr.toml")


def test_a_value_that_looks_like_a_place_is_no_place():
    told = text("error.setting_missing", "en", file="{key}", key="{file}")
    assert told == "{key}: {file} is missing."


def test_words_follow_a_number():
    assert text("error.settings_wrong", "en", file="f", count=1).startswith("f has 1 problem;")
    assert text("error.settings_wrong", "en", file="f", count=2).startswith("f has 2 problems;")


class Hostile:
    def __str__(self):
        raise RuntimeError


@given(st.dictionaries(st.text(), st.one_of(st.floats(), st.text(), st.binary(), st.none())))
def test_text_never_raises(values):
    for lang in ("zh", "en"):
        assert isinstance(text("error.setting_missing", lang, **values), str)
        assert isinstance(text("x", lang, hostile=Hostile(), **values), str)


@pytest.mark.parametrize(
    ("flag", "variable", "setting", "locale", "expected"),
    [
        ("en", "zh", "zh", "zh_CN.UTF-8", "en"),
        (None, "en", "zh", "zh_CN.UTF-8", "en"),
        (None, None, "zh", "en_US.UTF-8", "zh"),
        (None, None, None, "zh_CN.UTF-8", "zh"),
        (None, None, None, "de_DE.UTF-8", "en"),
        (None, None, None, "C", "en"),
        (None, None, None, None, "en"),
        (None, "klingon", None, "zh_TW", "zh"),
    ],
)
def test_the_language_is_the_first_wish(monkeypatch, flag, variable, setting, locale, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "OKR_LANG"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv("OKR_LANG", variable)
    if locale:
        monkeypatch.setenv("LANG", locale)
    assert language(flag, setting) == expected


def test_an_error_is_told_with_all_its_problems():
    first, second = (SettingsError("setting_missing", file="f", key=key) for key in "ab")
    both = SettingsError("settings_wrong", (first, second), file="f", count=2)
    assert told(both, "en") == [
        "f has 2 problems; nothing was done.",
        "f: a is missing.",
        "f: b is missing.",
    ]
    assert told(SettingsError("settings_wrong", (first,), file="f", count=1), "en") == ["f: a is missing."]
    assert told(OkrError("setting_missing", file="f", key="k"), "zh") == ["f：缺少 k。"]
