"""Gaps of the demo enterprise as one line each, without the ids that workbooks give rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

_LABELS = """
with os as (
  select objective_id, period_id, concat_ws('/', unit_id, person_id, 'O' || ordinal) as label
  from okr.objectives
)
select objective_id as id, label from os
union all
select k.kr_id, o.label || '-KR' || k.ordinal from okr.key_results k join os o using (objective_id)
union all
select h.handshake_id, o.label || '-KR' || k.ordinal || ' asks ' || h.party
from okr.handshakes h join okr.key_results k using (kr_id) join os o using (objective_id)
"""


def labels(warehouse: Path) -> dict[str, str]:
    """What each O, KR and handshake is called here: `PD-ROB/O1-KR2`, `… asks 供应链部`."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return dict(con.execute(_LABELS).fetchall())


def line(gap: dict, known: dict[str, str]) -> str:
    """`CODE subject`, and `-> UNIT` where there is a counterparty."""
    kind, subject = gap["subject_kind"], gap["subject_id"]
    if kind == "alignment":
        subject = re.sub(
            r"^(.*)->(kr|objective):(.*)$",
            lambda m: f"{known.get(m[1], m[1])} carries {known.get(m[3], m[3])}",
            subject,
        )
    else:
        subject = known.get(subject, subject)
    other = gap["counterparty_unit_id"]
    return f"{gap['code']} {subject}" + (f" -> {other}" if other else "")
