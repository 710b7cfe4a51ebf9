"""A very small enterprise as a folder of tables, with one of everything that the commands show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
period = "2026Q4"
timezone = "Asia/Shanghai"
language = "en"
now = 2026-11-20T08:00:00+08:00

[warehouse]
path = "warehouse.duckdb"

[sources.planning]
kind = "tables"
path = "planning"

[meetings.market-2026q4]
unit = "Market"
period = "2026Q4"
starts_at = 2026-12-18T09:30:00+08:00
title = "Handshake of Market"
"""

TABLES = {
    "org_units": """\
unit_id,name,parent_id,leader_id,aliases
C,Company,,p1,
M,Market,C,p2,市场部
M1,North,M,p3,
M2,South,M,p4,
""",
    "people": """\
person_id,name,unit_id,email
p1,Ada,C,ada@example.com
p2,Bo,M,bo@example.com
p3,Cy,M1,cy@example.com
p4,Di,M2,di@example.com
""",
    "periods": """\
period_id,name,starts_on,ends_on
2026Q4,2026Q4,2026-10-01,2026-12-31
""",
    "objectives": """\
objective_id,unit_id,period_id,title,owner_ids,confidence,visibility
O1,M,2026Q4,Be where customers are,p2,0.7,public
O2,M1,2026Q4,"=HYPERLINK(""http://example.com"")",p3,high,public
O3,M2,2026Q4,A secret merger,p4,0.6,private
""",
    "key_results": """\
kr_id,objective_id,title,owner_ids,due_on,target
K1,O1,Open 12 shops,p2,2026-12-20,12
K2,O1,Answer 90% of calls,p2,2026-12-20,90
K3,O2,Find 12 places,p3,2026-12-10,12
K4,O3,Sign 1 contract,p4,2026-12-10,1
K9,O9,An orphan 1,p4,2026-12-10,1
""",
    "alignments": """\
objective_id,parent_kind,parent_id
O2,kr,K1
""",
    "handshakes": """\
handshake_id,kr_id,party,point,needed_by,response
H1,K3,M2,two people for a week,2026-12-01,
H2,K4,North,the secret data room,2026-12-01,accepted
""",
}


def write(folder: Path) -> Path:
    """Write settings and tables; the path of the settings."""
    planning = folder / "planning"
    planning.mkdir(parents=True)
    for name, content in TABLES.items():
        (planning / f"{name}.csv").write_text(content, encoding="utf-8")
    settings = folder / "okr.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    return settings
