"""Pages that are generated say what the program says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from connectors.workbook.labels import Labels
from okr.reconcile.rulebook import rules
from okr.settings import parse
from okr.settings.model import SqlSource, TablesSource, WorkbookSource
from okr.texts import sentences

ROOT = Path(__file__).parents[2]


def test_the_page_of_rules_is_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_rules.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_links_in_pages_lead_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_settings_in_the_readme_are_legal(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert parse(settings, tmp_path / "okr.toml").source_order() == ["planning"]


def test_the_page_of_sources_has_every_setting_and_every_kind(tmp_path):
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for model in (TablesSource, SqlSource, WorkbookSource):
        for name in model.model_fields:
            assert f"`{name}`" in page or f"\n{name} = " in page, name
    blocks = [block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[sources." in block]
    settings = parse('timezone = "Asia/Shanghai"\n' + "\n".join(blocks), tmp_path / "okr.toml")
    assert {source.kind for source in settings.sources.values()} == {"tables", "sql", "workbook"}


def test_failures_in_the_page_of_sources_are_told_as_the_program_tells_them():
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    rows = re.findall(r"<!-- (\w+) --> (.*?) · (.*?) \|", page)
    assert len(rows) > 10
    for code, english, chinese in rows:
        for language, told in (("en", english), ("zh", chinese)):
            for part in told.split(" … "):
                assert part.strip(" …") in sentences(language)[f"error.{code}"], (code, part)


def test_labels_in_the_page_of_workbooks_are_known():
    page = (ROOT / "docs" / "workbooks.md").read_text(encoding="utf-8")
    table = page.split("## 标签 Labels")[1].split("## ")[0]
    rows = re.findall(r"^\| \S.*? \| (.*?) \| (.*?) \|$", table, re.MULTILINE)[2:]
    labels = [re.sub(r"[（(].*", "", one) for row in rows for cell in row for one in re.split("[、,]", cell)]
    assert len(labels) > 30
    assert [label for label in labels if Labels().of(label.strip()) is None] == []


def test_commands_in_the_readme_are_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake (\w+)`", readme)) <= targets
    help_page = subprocess.run(
        [sys.executable, "-m", "okr.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    named = set(re.findall(r"`(?:\.venv/bin/)?okr ([a-z]+)", readme))
    assert named <= set(re.findall(r"[a-z]+", help_page))


def test_the_example_of_a_rule_is_one():
    page = (ROOT / "docs" / "add-a-rule.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    header, _, query = source.partition("\n\n")
    known = (ROOT / "okr/reconcile/rules/QL506_objective_reads_like_kr.sql").read_text("utf-8")
    keys = [line.split(":")[0] for line in known.split("\n\n")[0].splitlines()]
    assert [line.split(":")[0] for line in header.splitlines()][: len(keys)] == keys
    assert "as detail" in query


def test_the_readme_shows_what_the_demo_prints():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    gaps = (ROOT / "tests/end_to_end/demo_gaps.txt").read_text(encoding="utf-8")
    view = gaps.split("# 2026Q4\n")[1].split("# ")[0].splitlines()
    assert f"{len(view)} gaps in 2026Q4" in readme
    severities = Counter(rules()[line.split()[0]].severity for line in view)
    told = " · ".join(f"{severities[name]} {name}" for name in ("critical", "major", "minor", "info"))
    assert told in readme
    for code, count in re.findall(r"^  ([A-Z]{2}\d{3}) .* × (\d+)$", readme, re.MULTILINE):
        assert sum(line.startswith(code) for line in view) == int(count)
