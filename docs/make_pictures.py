# ruff: noqa: INP001 - docs are no package
"""Draw the pictures of docs/fill-in.md, the very sheets that the program writes, and the README's of the demo.

    python docs/make_pictures.py

Needs LibreOffice (`soffice`), `pdftoppm` (poppler-utils) and `chromium`. Names and OKRs are invented.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import xlsxwriter
from rich.console import Console
from rich.text import Text

from okr.publish.sheets import About, Choice, Choices, OkrRow, RequestRow, write_okrs, write_requests

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURES = Path(__file__).parent / "pictures"
COLUMNS = 116
PAGE = """<!doctype html><meta charset="utf-8"><style>{stylesheet}
body {{ margin: 18px; background: #fff; }}
pre {{ font: 13px/18px "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace; margin: 0; }}
</style><pre><code style="font-family:inherit">{code}</code></pre>"""
AT = dt.datetime(2026, 12, 11, tzinfo=dt.UTC)
ABOUT = About("soft", "软件部", "2027Q1", "2027Q1", AT, "m", "产品群 2027Q1 握手会")
PEOPLE = [Choice("许南", "p1"), Choice("孟洁", "p2"), Choice("秦昊", "p3")]
KRS = [Choice("O1-KR1 接入脚本覆盖 9 种货架布局", "k1"), Choice("O1-KR2 试接 5 座仓库", "k2")]
UPPER = [Choice("产品群 O2-KR1 新仓接入不超过 3 天", "u1")]

ASKED = [
    RequestRow(
        "h1", "市场部", "O1-KR2 40 座在用仓库愿意公开推荐", "白薇", point="导出三个月的运行日志",
        needed_by=dt.date(2027, 1, 31), response="accepted", supporting_kr_id="k1",
    ),
    RequestRow(
        "h2", "交付部", "O1-KR1 上线时间降到 20 天", "陈立群", point="派 1 人参加试接", needed_by=dt.date(2027, 2, 15),
        response="clarify", response_reason="在哪座仓，几天？",
    ),
    RequestRow(
        "h3", "硬件部", "O3-KR1 新底盘量产", "彭宇航", point="适配第 10 种底盘", needed_by=dt.date(2027, 3, 10),
        response="rejected", response_reason="一季度没有人，二季度可以",
    ),
    RequestRow("h4", "运营部", "O2-KR2 故障 1 小时内定位", "唐悦", point="开放告警接口", needed_by=dt.date(2027, 3, 9)),
]  # fmt: skip
ROWS = [
    OkrRow(
        "o1", "接入一座新仓不再需要驻场", 1, carries=[("u1", 0.6)], owner_ids=["p1"], confidence=0.6, kr_id="k1",
        kr="接入脚本覆盖 9 种货架布局", kr_number=1, kr_owner_ids=["p2"], member_ids=["p3"],
        due_on=dt.date(2027, 2, 10), kr_confidence=0.7, progress=0.2, party="硬件部", point="提供 9 种底盘的参数表",
    ),
    OkrRow("o1", "", 1, kr_id="k1", party="交付部", point="派 1 人参加试接"),
    OkrRow(
        "o1", "", 1, kr_id="k2", kr="试接 5 座仓库，每座不超过 3 天", kr_number=2, kr_owner_ids=["p3"],
        due_on=dt.date(2027, 3, 15),
    ),
    OkrRow(
        "o2", "换一种车型不用换一套软件", 2, owner_ids=["p1"], confidence=0.45, kr_id="k3",
        kr="车型适配层支持 6 种车型", kr_number=1, kr_owner_ids=["p2"], due_on=dt.date(2027, 3, 20),
    ),
]  # fmt: skip


def main() -> None:
    """Draw all pictures."""
    choices = Choices(UPPER, PEOPLE, [])
    draw("template", partial(write_okrs, rows=[], about=ABOUT, choices=choices, empty=6), height=330)
    draw("filled", partial(write_okrs, rows=ROWS, about=ABOUT, choices=choices, empty=2), height=330)
    draw("answers", partial(write_requests, rows=ASKED, about=ABOUT, krs=KRS), height=270)
    decided = [row for row in ASKED if row.response == "rejected"]
    draw("decision", partial(write_requests, rows=decided, about=ABOUT, krs=KRS, decide=True), height=230)
    demo()


def demo() -> None:
    """Draw what `make demo` prints as `pictures/demo.png`, without its progress."""
    with tempfile.TemporaryDirectory() as folder:
        called = [Path(sys.executable).parent / "okr", "demo", "demo", "--lang", "en"]
        printed = subprocess.run(  # noqa: S603
            called,
            cwd=folder,
            env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        console.print("[bold green]$[/] make demo\n")
        console.print(Text.from_ansi(printed.strip("\n").replace(str(called[0]), ".venv/bin/okr")))
        height = 36 + 18 * console.export_text(clear=False).count("\n")
        page = Path(folder) / "demo.html"
        page.write_text(console.export_html(code_format=PAGE), encoding="utf-8")
        size = f"--window-size={COLUMNS * 8 + 40},{height}"
        picture = f"--screenshot={PICTURES / 'demo.png'}"
        run(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size, picture, page.as_uri()
        )


def draw(name: str, write: Callable[[xlsxwriter.Workbook], None], *, height: int) -> None:
    """Draw one sheet as `pictures/fill-in-<name>.png`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            write(book)
            for sheet in book.worksheets():
                sheet.set_margins(0.2, 0.2, 0.2, 0.2)
        home = f"-env:UserInstallation=file://{folder}/profile"
        run("soffice", home, "--headless", "--convert-to", "pdf", "--outdir", folder, path)
        drawn = Path(folder) / name
        run("pdftoppm", "-png", "-r", "150", "-f", "1", "-l", "1", "-H", height, path.with_suffix(".pdf"), drawn)
        (picture,) = Path(folder).glob(f"{name}-*.png")
        shutil.copy(picture, PICTURES / f"fill-in-{name}.png")


def run(*command: object) -> None:
    """Run a program, which has to succeed."""
    subprocess.run([str(word) for word in command], check=True, capture_output=True)  # noqa: S603 - programs of our own choice


if __name__ == "__main__":
    main()
