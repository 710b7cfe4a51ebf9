"""An enterprise written as folders of CSV files with the settings beside them."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rules.oracle import Enterprise, Table


def write(made: Enterprise, folder: Path) -> Path:
    """Write the sources as folders of CSV files, and the settings; the path of the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    zone = ZoneInfo(made.rules.zone)
    for number, (source, tables) in enumerate(made.sources.items()):
        place = folder / f"source{number}"
        place.mkdir(exist_ok=True)
        for old in place.glob("*.csv"):
            old.unlink()
        if source in made.failed:
            continue  # a folder without any table is a failed source
        for table, content in tables.items():
            write_table(place / f"{table}.csv", content, zone)
    path = folder / "okr.toml"
    path.write_text(settings_text(made), encoding="utf-8")
    return path


def write_table(path: Path, content: Table, zone: ZoneInfo) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(content.columns)
        for row in content.rows:
            said = {**row, **row.get("refused", {})}
            writer.writerow([cell(column, said.get(column), zone) for column in content.columns])
        writer.writerows([row.get(column, "") for column in content.columns] for row in content.refused)


def cell(column: str, value: Any, zone: ZoneInfo) -> str:
    """A value as a table holds it; times in several of the legal forms."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.day % 3 == 0:
            return value.isoformat().replace("+00:00", "Z")
        if value.day % 3 == 1:
            return value.astimezone(zone).isoformat()
        return value.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, float) and column == "progress" and value > 1:
        return f"{value * 100:g}%"
    return str(value)


def settings_text(made: Enterprise) -> str:
    """The settings as `okr.toml`."""
    rules = made.rules
    lines = [f'timezone = "{rules.zone}"', 'language = "zh"', f"now = {rules.now.isoformat()}"]
    if rules.period is not None:
        lines.append(f"period = {quoted(rules.period)}")
    lines.append(f'infer = "{"on" if rules.infer else "off"}"')
    lines += ["[warehouse]", 'path = "warehouse.duckdb"']
    lines += ["[advice]", f"density = {rules.density}"]
    for number, source in enumerate(made.sources):
        lines += [f"[sources.{quoted(source)}]", 'kind = "tables"', f'path = "source{number}"']
        lines.append("shrink_limit = 1.0")
        lines += [f"precedence = {rules.precedence[source]}"] if source in rules.precedence else []
    if rules.fields:
        lines.append("[fields]")
    for column, names in rules.fields.items():
        lines.append(f"{column} = [{', '.join(map(quoted, names))}]")
    for row in rules.meetings:
        lines += [f"[meetings.{quoted(row['meeting_id'])}]", f"unit = {quoted(row['unit'])}"]
        lines += [
            f"period = {quoted(row['period'])}",
            f"starts_at = {row['starts_at'].isoformat()}",
        ]
        lines += [f"title = {quoted(row['title'])}"] if row.get("title") else []
    for code in sorted({*rules.severities, *rules.limits, *rules.disabled}):
        lines.append(f"[rules.{code}]")
        lines += [f'severity = "{rules.severities[code]}"'] if code in rules.severities else []
        lines += [f"limit = {rules.limits[code]}"] if code in rules.limits else []
        lines += ["enabled = false"] if code in rules.disabled else []
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
