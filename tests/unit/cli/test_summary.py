"""The page that a run ends with: whose gaps it counts."""

from __future__ import annotations

from typing import Any

import pytest

from okr.cli.speech import say
from okr.cli.summary import _gaps
from okr.pipeline.sync import SyncResult


def told(**more: Any) -> str:
    found = {"current_period": "Q4", "judged": ["Q4"], "gaps": {"major": 2}, "opened": 1, "resolved": 0, **more}
    return _gaps(SyncResult("run", [], 0, 0, **found))


@pytest.mark.parametrize(
    ("judged", "code"), [(["Q4"], "cli.sync.gaps_change"), (["Q4", "Q1"], "cli.sync.gaps_change_all")]
)
def test_what_is_new_in_all_views_is_not_told_of_one(judged: list[str], code: str) -> None:
    assert told(judged=judged).endswith(say(code, opened=1, resolved=0))


def test_without_a_current_period_nobody_is_told_that_there_are_none() -> None:
    assert told(current_period=None, judged=["Q1"], gaps={}) == say("cli.sync.gaps_no_current")
    assert told(judged=[], gaps={}) == say("cli.sync.gaps_not_judged")
    assert told(gaps={}) == say("cli.sync.gaps_none")
