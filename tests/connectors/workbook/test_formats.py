"""Other formats than .xlsx from XlsxWriter: what other programs write."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from tests.connectors.workbook.making import Formula, Percent, book, of, owners, read, values

if TYPE_CHECKING:
    from pathlib import Path

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
ODS = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="{OFFICE}:office:1.0" xmlns:table="{OFFICE}:table:1.0"
 xmlns:text="{OFFICE}:text:1.0" xmlns:style="{OFFICE}:style:1.0" office:version="1.2">
<office:automatic-styles><style:style style:name="ta2" style:family="table">
<style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet>%s</office:spreadsheet></office:body></office:document-content>"""
META = f"""<?xml version="1.0"?><office:document-meta xmlns:office="{OFFICE}:office:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:date>2026-11-20T08:00:00</dc:date></office:meta>
</office:document-meta>"""


def text(value: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{value}</text:p></table:table-cell>'


def ods(path: Path, *sheets: str) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr("meta.xml", META)
        out.writestr("content.xml", ODS % "".join(sheets))
        out.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path


def table(name: str, *rows: str, style: str = "") -> str:
    filled = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}" {style}>{filled}</table:table>'


def test_ods_with_merges_per_cents_faults_and_hidden_sheets(tmp_path):
    header = "".join(text(t) for t in ("O", "信心", "KR", "责任人", "进度", "完成日期"))
    percent = '<table:table-cell office:value-type="percentage" office:value="%s"><text:p>x</text:p></table:table-cell>'
    day = '<table:table-cell office:value-type="date" office:date-value="2026-11-30"><text:p>30.11.26</text:p></table:table-cell>'
    uncounted = '<table:table-cell table:formula="of:=[.A9]"/>'
    error = '<table:table-cell table:formula="of:=1/0" office:value-type="string"><text:p>#DIV/0!</text:p></table:table-cell>'
    first = [
        text("增长", 'table:number-rows-spanned="2"'),
        percent % 0.7,
        text("甲"),
        text("张三", 'table:number-rows-spanned="2"'),
        percent % 1.3,
        day,
    ]
    second = [
        "<table:covered-table-cell/>",
        "<table:table-cell/>",
        text("乙"),
        "<table:covered-table-cell/>",
        uncounted,
        error,
    ]
    path = ods(
        tmp_path / "市场部.ods",
        table("旧", header, "".join(first), style='table:style-name="ta2"'),
        table("OKR", header, "".join(first), "".join(second)),
    )
    delivery = read(path)
    assert of(delivery) == [("增长", "甲"), ("增长", "乙")]
    assert values(delivery, "objectives", "confidence") == ["70%"]
    assert values(delivery, "key_results", "progress", "due_on") == [("130%", "2026-11-30"), (None, None)]
    assert owners(delivery, "key_results") == {"甲": ["张三"], "乙": ["张三"]}
    assert {(r.code, r.place) for r in delivery.refusals} == {
        ("formula_without_value", "市场部.ods!OKR!E3 进度"), ("error_cell", "市场部.ods!OKR!F3 完成日期"),
    }  # fmt: skip
    assert delivery.memo["saved_at"] == {"市场部.ods": "2026-11-20T08:00:00+00:00"}
    assert [told for code, told in delivery.notices if code == "workbook_sheet_hidden"] == [
        {"file": "市场部.ods", "sheet": "旧"}
    ]


def rewritten(path: Path, part: str, change) -> Path:
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_without_addresses(tmp_path):

    rows = [
        ["O", "信心", "KR", "进度"],
        ["增长", Percent(0.7), "甲", Formula("=A9")],
        [Formula("=1/0").with_value("#REF!"), Percent(0.5), "乙", Percent(1.2)],
    ]
    path = book(tmp_path / "a.xlsx", {"S": rows})
    rewritten(path, SHEET, lambda xml: re.sub(r'<c r="[A-Z]+\d+"', "<c", xml))
    delivery = read(path)
    assert values(delivery, "objectives", "title", "confidence") == [("增长", "70%"), (None, "50%")]
    assert values(delivery, "key_results", "progress") == [None, "120%"]
    assert {r.place for r in delivery.refusals} == {"a.xlsx!S!D2 进度", "a.xlsx!S!A3 O"}


def test_another_order_of_attributes_and_names_with_a_prefix(tmp_path):

    rows = [
        ["O", "信心", "KR", "进度"],
        ["增长", Percent(0.7), "甲", Formula("=A9")],
        ["", "", "乙", Formula("=1/0").with_value("#N/A")],
    ]
    path = book(tmp_path / "a.xlsx", {"S": rows})

    def change(xml: str) -> str:
        xml = re.sub(r'<c r="([A-Z]+\d+)" s="(\d+)"', r'<c s="\2" r="\1"', xml)
        xml = xml.replace(
            'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"',
            'xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"',
        )
        return re.sub(r"<(/?)(?=[a-zA-Z])(?!\?)", r"<\1x:", xml)

    rewritten(path, SHEET, change)
    delivery = read(path)
    assert of(delivery) == [("增长", "甲"), ("增长", "乙")]
    assert values(delivery, "objectives", "confidence") == ["70%"]
    assert {(r.code, r.value) for r in delivery.refusals} == {("formula_without_value", None), ("error_cell", "#N/A")}
