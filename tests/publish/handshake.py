"""An enterprise whose every text says who may read it, and whose names are as bad as names get."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from okr.settings import load

if TYPE_CHECKING:
    from pathlib import Path

    from okr.settings import Settings

SETTINGS = """\
period = "2026Q4"
timezone = "Asia/Shanghai"
language = "zh"
now = 2026-12-11T08:00:00+08:00

[warehouse]
path = "warehouse.duckdb"

[sources.planning]
kind = "tables"
path = "planning"

[meetings.market]
unit = "M"
period = "2026Q4"
starts_at = 2026-12-18T09:30:00+08:00
hrbp = ["hr@example.com"]
title = "=HYPERLINK(\\"http://example.com\\") 握手会"
"""

UNITS = {
    # unit: name, parent, leader
    "C": ("Company", None, "p1"),
    "M": ("市场\n部", "C", "p2"),
    "A": ('=HYPERLINK("http://example.com","North")', "M", "p3"),
    "B": ("+South <b>&amp;</b>", "M", "p4"),
    "A1": ("@Small", "A", "p5"),
    "X": ("-Platform", "C", "p6"),
}

PEOPLE = {
    "p1": ("Ada", "C", "zh"),
    "p2": ("=1+1", "M", "zh"),
    "p3": ("Cy\nSmith", "A", "en"),
    "p4": ("<script>alert(1)</script>", "B", "zh"),
    "p5": ("Ed", "A1", "zh"),
    "p6": ("Flo", "X", "zh"),
    "hr": ("Li Lei", "C", "zh"),
}

OBJECTIVES = [
    # unit, visibility, the KR of whom it carries
    ("M", "public", None),
    ("M", "unit", None),
    ("M", "private", None),
    ("A", "public", "M-public"),
    ("A", "unit", "M-unit"),
    ("A", "private", "M-private"),
    ("B", "public", None),
    ("B", "unit", None),
    ("A1", "unit", "A-unit"),
    ("A1", "private", "A-public"),
    ("X", "unit", None),
    ("C", "unit", None),
]

HANDSHAKES = [
    # the KR that needs, party, response
    ("A-public", "B", None),
    ("A-unit", "B", "rejected"),
    ("A-private", "B", "clarify"),
    ("B-public", "A", "accepted"),
    ("B-unit", "A", None),
    ("M-unit", "X", "rejected"),
    ("M-private", "X", None),
    ("X-unit", "A", None),
    ("B-public", "nobody knows", None),
    ("A1-private", "B", None),
]


def secret(name: str, what: str) -> str:
    """The text of a thing, by which it is known wherever it stands."""
    return f"={name}-{what}!"


def texts(name: str) -> set[str]:
    """All texts of an O, its KR and their handshakes."""
    return {secret(name, what) for what in ("title", "kr", "point", "reason")}


def write(folder: Path, settings: str = SETTINGS) -> Settings:
    """Write settings and tables."""
    planning = folder / "planning"
    planning.mkdir(parents=True, exist_ok=True)
    _table(planning, "org_units", [(unit, name, parent, leader) for unit, (name, parent, leader) in UNITS.items()],
           ("unit_id", "name", "parent_id", "leader_id"))  # fmt: skip
    _table(planning, "people", [(one, name, unit, f"{one}@example.com", locale) for one, (name, unit, locale) in PEOPLE.items()],
           ("person_id", "name", "unit_id", "email", "locale"))  # fmt: skip
    _table(planning, "periods", [("2026Q4", "2026Q4", "2026-10-01", "2026-12-31")],
           ("period_id", "name", "starts_on", "ends_on"))  # fmt: skip
    rows = [
        (f"{unit}-{seen}", unit, "2026Q4", secret(f"{unit}-{seen}", "title"), UNITS[unit][2], 0.7, seen)
        for unit, seen, _ in OBJECTIVES
    ]
    _table(planning, "objectives", rows,
           ("objective_id", "unit_id", "period_id", "title", "owner_ids", "confidence", "visibility"))  # fmt: skip
    rows = [
        (f"{unit}-{seen}", f"{unit}-{seen}", secret(f"{unit}-{seen}", "kr"), UNITS[unit][2], "2026-12-20", 12)
        for unit, seen, _ in OBJECTIVES
    ]
    _table(planning, "key_results", rows, ("kr_id", "objective_id", "title", "owner_ids", "due_on", "target"))
    rows = [(f"{unit}-{seen}", "kr", upper, 0.5) for unit, seen, upper in OBJECTIVES if upper]
    _table(planning, "alignments", rows, ("objective_id", "parent_kind", "parent_id", "share"))
    rows = [
        (f"H{at}", kr, party, secret(kr, "point"), response, secret(kr, "reason") if response else None)
        for at, (kr, party, response) in enumerate(HANDSHAKES)
    ]
    _table(planning, "handshakes", rows, ("handshake_id", "kr_id", "party", "point", "response", "response_reason"))
    (folder / "okr.toml").write_text(settings, encoding="utf-8")
    return load(folder / "okr.toml")


def _table(folder: Path, name: str, rows: list[tuple], columns: tuple[str, ...]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(rows)
