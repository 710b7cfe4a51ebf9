"""docs/serve.md says what the program says."""

from __future__ import annotations

import re
from pathlib import Path

from okr.publish.door.place import refuse_unsafe
from okr.settings import parse
from okr.texts import sentences

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")


def test_the_settings_on_the_page_are_legal_and_closed(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    refuse_unsafe(parse('timezone = "Asia/Shanghai"\n' + block, tmp_path / "okr.toml"))


def test_what_the_page_quotes_is_what_the_pages_say():
    zh, en = sentences("zh"), sentences("en")
    for code in ("start.prepare", "start.rehearsal", "file.page", "file.meeting", "state.partly", "sign_in.title"):
        assert zh[f"web.{code}"] in PAGE, code
    for code in ("start.prepare", "refused.host", "refused.origin", "run.unreachable", "start.fresh"):
        said = en[f"web.{code}"].split(";")[0].split(" just now")[0].rstrip(".")
        assert said in PAGE.replace("\n", " "), code
