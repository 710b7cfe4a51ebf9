"""Frames as connectors deliver them, written next to the assertion."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import polars as pl
import pytest

from schemas import Validated, validate

NEEDED = {
    "org_units": {"unit_id": "U1"},
    "people": {"person_id": "P1"},
    "periods": {"period_id": "2026Q4", "starts_on": "2026-10-01", "ends_on": "2026-12-31"},
    "objectives": {"objective_id": "O1", "unit_id": "U1", "period_id": "2026Q4"},
    "key_results": {"kr_id": "K1", "objective_id": "O1"},
    "alignments": {"objective_id": "O1", "parent_kind": "kr", "parent_id": "K1"},
    "handshakes": {"handshake_id": "H1", "kr_id": "K1"},
    "dependencies": {"kr_id": "K1", "needs_kr_id": "K2"},
    "meetings": {
        "meeting_id": "M1",
        "unit_id": "U1",
        "period_id": "2027Q1",
        "starts_at": "2026-12-18T09:30:00+08:00",
    },
}
"""By table, the least that makes a row."""


class Room:
    """Judges rows given as dicts; what a row needs and does not say is filled in."""

    def frame(self, table: str, *rows: dict, **kinds) -> pl.DataFrame:
        whole = [
            {
                **NEEDED[table],
                "scope": table,
                "part": table,
                "place": f"{table}.csv:{number}",
                **row,
            }
            for number, row in enumerate(rows, 2)
        ]
        frame = pl.DataFrame(whole, infer_schema_length=None)
        return frame.cast(kinds) if kinds else frame

    def judge(self, table: str, *rows: dict, zone="Asia/Shanghai", **options) -> Validated:
        return self.judge_frame(table, self.frame(table, *rows), zone=zone, **options)

    def judge_frame(self, table, frame, zone="Asia/Shanghai", **options) -> Validated:
        options = {"source": "planning", **options}
        return validate(table, frame, zone=ZoneInfo(zone), **options)

    def value(self, table: str, column: str, said: object, **options) -> tuple[object, str | None]:
        """The value that one cell becomes, and the code with which it was refused."""
        found = self.judge(table, {column: said}, **options)
        codes = found.quarantine.filter(pl.col("field") == column)["code"].to_list()
        return (
            found.rows[column].to_list()[0] if found.rows.height else None,
            codes[0] if codes else None,
        )


@pytest.fixture(scope="session")
def room() -> Room:
    return Room()
