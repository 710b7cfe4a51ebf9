"""How long a big table takes out of PostgreSQL: `python -m benchmarks.databases [ROWS]`.

A server of our own, started for this; the source `sql` and pandas read the same table in processes
of their own, so that the memory of each is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from benchmarks.lines import Line
from tests import servers

FILL = """
CREATE TABLE goals AS
SELECT 'K' || i AS kr_id, 'O' || i / 4 AS objective_id, (i %% 4 + 1)::int AS ordinal,
       '把第 ' || i || ' 家门店的准时交付率做到 ' || i %% 100 || '%%' AS title,
       'P' || i %% 9973 AS owner_ids, DATE '2026-10-01' + (i %% 92)::int AS due_on,
       (i %% 101) / 100.0::float8 AS confidence, (i %% 140) / 100.0::numeric AS progress,
       TIMESTAMPTZ '2026-10-01 08:00+08' + i * INTERVAL '1 second' AS updated_at
FROM generate_series(1, {rows}) AS i
"""
_SETTINGS = """
timezone = "Asia/Shanghai"
[sources.hr]
kind = "sql"
url = "{url}"
password = {{ env = "OKR_BENCH_PASSWORD" }}
tables.key_results = "goals"
"""


def ours(url: str, password: str) -> int:
    """Read the table with the source `sql`; the number of its rows."""
    from pathlib import Path  # noqa: PLC0415 - imports of one reader are not the other's memory

    from connectors.sql import SqlConnector  # noqa: PLC0415
    from okr.report import Listing  # noqa: PLC0415
    from okr.settings import parse  # noqa: PLC0415

    settings = parse(_SETTINGS.format(url=url), Path("okr.toml").absolute())
    connector = SqlConnector("hr", settings.sources["hr"], secrets=lambda _: password)
    return connector.pull(Listing()).frames["key_results"].height


def pandas(url: str, password: str) -> int:
    """Read the table with pandas over SQLAlchemy; the number of its rows."""
    import pandas as pd  # noqa: PLC0415

    engine = create_engine(make_url(url).set(password=password))
    with engine.connect() as connection:
        return len(pd.read_sql("SELECT * FROM goals", connection))


READERS = {"ours": ours, "pandas": pandas}


def read(reader: str) -> None:
    """Print how long one reader takes, and the most memory that its process has had."""
    url, password = json.load(sys.stdin)
    begun = time.perf_counter()
    rows = READERS[reader](url, password)
    took = time.perf_counter() - begun
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": took, "mebibytes": mebibytes}))


def main(rows: int) -> None:
    """Print a line for each reader; one that says why, where there is no PostgreSQL."""
    try:
        with servers.postgresql() as server:
            url = make_url(server.url()).set(password=server.password)
            with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql(FILL.format(rows=rows))
                connection.exec_driver_sql("VACUUM ANALYZE goals")
            for reader in ("pandas", "ours"):
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.databases", reader],
                    input=json.dumps([server.url(), server.password]),
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                told = json.loads(done.stdout)
                print(Line(f"PostgreSQL: read a table, {reader}", **told), flush=True)
    except pytest.skip.Exception as why:
        print(f"PostgreSQL: not measured: {why}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in READERS:
        read(sys.argv[1])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
