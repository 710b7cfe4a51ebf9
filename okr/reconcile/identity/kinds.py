"""The kinds of things that have identities, and where rows refer to them."""

from __future__ import annotations

from schemas import TABLES

TABLE = {table.kind: table.name for table in TABLES.values() if len(table.key) == 1}
"""By kind the table whose rows are such things: unit, person, period, objective, kr, handshake, meeting."""

KEY = {kind: TABLES[name].key[0] for kind, name in TABLE.items()}

REFERENCES: dict[str, dict[str, str]] = {
    "org_units": {"unit_id": "unit", "parent_id": "unit", "leader_id": "person"},
    "people": {"person_id": "person", "unit_id": "unit", "manager_id": "person"},
    "periods": {"period_id": "period", "parent_period_id": "period"},
    "objectives": {
        "objective_id": "objective",
        "unit_id": "unit",
        "person_id": "person",
        "period_id": "period",
        "owner_ids": "person",
    },
    "key_results": {"kr_id": "kr", "objective_id": "objective", "owner_ids": "person", "member_ids": "person"},
    "alignments": {"objective_id": "objective"},
    "handshakes": {
        "handshake_id": "handshake",
        "kr_id": "kr",
        "responded_by": "person",
        "supporting_kr_id": "kr",
        "decided_by": "person",
    },
    "dependencies": {"kr_id": "kr", "needs_kr_id": "kr"},
    "meetings": {"meeting_id": "meeting", "unit_id": "unit", "period_id": "period", "hrbp_ids": "person"},
}
"""By table the columns that hold ids, and of which kind. Two more depend on their row: an alignment's `parent_id`
(by its `parent_kind`), and a handshake's `party`, which may be the id of a unit or of a person."""

LISTS = ("owner_ids", "member_ids", "hrbp_ids")
