"""Workbooks of people's own making, saved again by another program in another format, say the same."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.workbook.making import Formula, Percent, book, read
from tests.servers import soffice

if TYPE_CHECKING:
    from connectors.protocol import Delivery

FLAT = [
    ["软件部 2026年第四季度 OKR"],
    ["承接", "O", "O责任人", "信心指数", "KR", "KR责任人", "完成日期", "进度", "握手方", "详细握手点说明"],
    ["KR2（40%）", "O1：增长", "张三", 0.7, "KR1：甲", "李四、王五", dt.date(2026, 11, 30), Percent(1.3), "市场部\n研发部", "海报\n接口"],
    [None, None, None, None, "KR2：乙", "@赵六", "12月底", Percent(0.285), "无", None],
    ["O1-KR1、KR3", "O2：提效", "张三", "高", "丙", None, 46022, Formula("=1/0").with_value("#DIV/0!"), "N/A", "-"],
    [None, None, None, None, "丁", None, None, Formula("=0.2+0.2").with_value(0.4), None, None],
]  # fmt: skip
BLOCK = [
    ["承接", "KR2", None, None, "承接", "市场部 O1-KR1"],
    ["O", "稳定", "责任人：张三", None, "O", "省钱"],
    ["信心", 60, None, None, "责任人", "李四"],
    ["KR", "责任人", "完成日期", None, "KR", "握手方"],
    ["戊", "张三", dt.date(2026, 12, 1), None, "庚", "市场部"],
    ["己", "张三", "2026.12.2", None, "辛", None],
]


def said(delivery: Delivery) -> dict[str, list[dict[str, Any]]]:
    """What a delivery says, without the file that it stands in; cells and sheets are part of it."""

    def bare(value: Any) -> Any:
        if isinstance(value, str):
            return value.split("!", 1)[1] if "!" in value else value
        return {name: bare(one) for name, one in value.items()} if isinstance(value, dict) else value

    found: dict[str, list[dict[str, Any]]] = {}
    assert delivery.references is not None
    for name, frame in [*delivery.frames.items(), ("references", delivery.references)]:
        rows = [row for row in frame.to_dicts() if row.get("table") != "workbooks"]
        found[name] = [{n: bare(v) for n, v in row.items() if n != "scope"} for row in rows]
    found["refusals"] = [{"place": bare(one.place), "code": one.code, "value": one.value} for one in delivery.refusals]
    return found


@pytest.mark.server
@pytest.mark.parametrize("form", ["xlsx", "ods", "xls"])
def test_it_says_the_same_in_every_format(tmp_path, form):
    merges = {"软件部": ["A3:A4", "B3:B4", "C3:C4", "D3:D4"]}
    path = book(tmp_path / "软件部.xlsx", {"软件部": FLAT, "区块": BLOCK, "说明": [["怎么填"]]}, merges=merges)
    expected = said(read(path))
    assert len(expected["objectives"]) == 4
    assert len(expected["key_results"]) == 8
    assert [row["code"] for row in expected["refusals"]] == ["error_cell"]
    (saved,) = soffice(form, tmp_path / form, path)
    assert said(read(saved)) == expected
