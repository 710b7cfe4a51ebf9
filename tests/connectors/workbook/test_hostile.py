"""Hostile and broken workbooks: each is read rightly or refused by name, in bounded memory and time."""

from __future__ import annotations

import datetime as dt
import random
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from connectors.workbook import children
from okr.texts import known
from tests.connectors.workbook.making import book, connector, of, read
from tests.servers import soffice

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [["O", "KR", "责任人", "完成日期"], ["增长", "甲", "张三", dt.date(2026, 11, 30)], ["增长", "乙", "李四", None]]
SAID = [("增长", "甲"), ("增长", "乙")]
SECONDS = 60.0
MEMORY = 1 << 30


def told(path: Path, *, seconds: float = SECONDS, memory: int = MEMORY) -> dict[str, Any]:
    """What a child says of a file within its limits; it must say something, and in a time that people wait."""
    began = time.perf_counter()
    options = connector(path)._options
    ((_, answer),) = children.read_all({path.name: path}, options, lambda: None, seconds=seconds, memory=memory)
    assert time.perf_counter() - began < seconds + 10
    if "error" in answer:
        assert known(f"error.{answer['error']}", "zh")
        assert answer["error"] != "workbook_reader_failed", answer
    return answer


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, told in content.items():
            archive.writestr(name, told)
    return path


def krs(answer: dict[str, Any]) -> int:
    return sum(r["height"] for s in answer["sheets"] for r in s["runs"] if r["table"] == "key_results")


# -- what is read --------------------------------------------------------------------------------------


def test_a_million_empty_styled_rows(tmp_path):
    """Somebody coloured whole columns: every row of the sheet is there, and holds nothing."""
    path = book(tmp_path / "a.xlsx", {"S": ROWS})
    content = parts(path)
    name = "xl/worksheets/sheet1.xml"
    empty = b"".join(
        b'<row r="%d" ht="20" customHeight="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(4, 1_048_577)
    )
    content[name] = content[name].replace(b"</sheetData>", empty + b"</sheetData>")
    answer = told(zipped(path, content), memory=2 << 30)
    assert krs(answer) == 2


def test_thousands_of_sheets(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as out:
        for number in range(2000):
            out.add_worksheet(f"备注{number}").write_string(0, 0, "x")
        sheet = out.add_worksheet("OKR")
        for row, cells in enumerate(ROWS):
            sheet.write_row(row, 0, [str(cell or "") for cell in cells])
    answer = told(path)
    assert krs(answer) == 2
    assert len(answer["notices"]) <= 30


def test_macros_and_external_links_are_passed_over(tmp_path):
    path = tmp_path / "a.xlsm"
    content = parts(book(tmp_path / "a.xlsx", {"S": ROWS}))
    content["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0" + bytes(2000)
    content["xl/externalLinks/externalLink1.xml"] = b"<externalLink><externalBook/></externalLink>"
    content["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        b'<Relationships><Relationship Id="rId1" Target="http://127.0.0.1:9/a.xlsx" TargetMode="External"/></Relationships>'
    )
    assert krs(told(zipped(path, content))) == 2


def test_a_link_to_another_workbook_gives_its_stored_value(tmp_path):
    rows = [["O", "KR", "进度"], ["增长", "甲", 0]]
    path = book(tmp_path / "a.xlsx", {"S": rows})
    content = parts(path)
    name = "xl/worksheets/sheet1.xml"
    content[name] = content[name].replace(b'<c r="C2"><v>0</v></c>', b'<c r="C2"><f>[1]Sheet1!A1</f><v>0.4</v></c>')
    assert b"[1]Sheet1" in content[name]
    delivery = read(zipped(path, content))
    assert delivery.frames["key_results"]["progress"].to_list() == ["0.4"]


def test_days_are_counted_from_1904_where_the_workbook_says_so(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as out:
        sheet, day = out.add_worksheet("S"), out.add_format({"num_format": "yyyy-mm-dd"})
        for row, cells in enumerate(ROWS):
            for column, cell in enumerate(cells):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(row, column, dt.datetime.combine(cell, dt.time()), day)
                else:
                    sheet.write(row, column, cell)
    assert read(path).frames["key_results"]["due_on"].to_list() == ["2026-11-30", None]


def test_very_long_cells_and_odd_characters(tmp_path):
    long = "长" * 32_767
    arabic, combining = "زيادة المبيعات", "e\u0301" * 200 + "Z" + "\u0300" * 500
    rows = [["O", "KR", "责任人"], [arabic, "\u202e" + long[:32_000], "张三"], [arabic, combining, "\u200fليلى\u200f"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert not delivery.refusals
    (first, second) = [title for _, title in of(delivery)]
    assert (len(first), second) == (32_000, combining)
    assert delivery.references is not None
    people = delivery.references.filter(field="owner_ids")["candidates"].to_list()
    assert people == [["张三"], ["ليلى"]]


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_entities_are_never_expanded(tmp_path, name):
    """The billion laughs, and a file of this machine asked for by an entity."""
    secret = tmp_path / "secret.txt"
    secret.write_text("geheim", "utf-8")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for entity in ('<!ENTITY l0 "ha">' + laughs, f'<!ENTITY l9 SYSTEM "file://{secret}">'):
        path = book(tmp_path / "a.xlsx", {"S": ROWS})
        content = parts(path)
        head, _, rest = content[name].partition(b"?>")
        text = rest.replace("增长".encode(), b"&l9;").replace(b'name="S"', b'name="&l9;"')
        content[name] = head + b"?>" + f"<!DOCTYPE x [{entity}]>".encode() + text
        answer = told(zipped(path, content), seconds=20)
        assert "geheim" not in repr(answer)
        assert "hahaha" not in repr(answer)


def test_entities_of_an_ods_are_never_expanded(tmp_path):
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    content = (
        f'<?xml version="1.0"?><!DOCTYPE x [{laughs}]><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string">'
        "<text:p>&l9;</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    path = zipped(
        tmp_path / "a.ods",
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()},
    )
    answer = told(path, seconds=20)
    assert "hahaha" not in repr(answer)


def test_an_ods_that_repeats_a_cell_a_billion_times(tmp_path):
    cell = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated="16000"><text:p>x</text:p>'
        "</table:table-cell>"
    )
    content = (
        '<?xml version="1.0"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="S"><table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    path = zipped(
        tmp_path / "a.ods",
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()},
    )
    assert told(path, seconds=20)["error"] in {"workbook_too_big", "workbook_too_slow", "workbook_unreadable"}


def test_a_sheet_whose_last_cell_is_at_the_end_of_the_world(tmp_path):
    """Two cells, far apart: nobody makes a grid of sixteen billion cells of them."""
    path = book(tmp_path / "a.xlsx", {"S": [*ROWS, ["x"]]})
    content = parts(path)
    name = "xl/worksheets/sheet1.xml"
    content[name] = content[name].replace(b'<row r="4"', b'<row r="1048576"').replace(b'r="A4"', b'r="XFD1048576"')
    answer = told(zipped(path, content), seconds=20)
    assert answer.get("error") in {"workbook_too_big", "workbook_too_slow", None}


def test_an_archive_that_lies_about_its_size(tmp_path):
    """What it says of itself is small; unpacked it is two gigabytes."""
    path = tmp_path / "a.xlsx"
    content = parts(book(tmp_path / "b.xlsx", {"S": ROWS}))
    name = "xl/worksheets/sheet1.xml"
    head, tail = content.pop(name).split(b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, told_ in content.items():
            archive.writestr(part, told_)
        with archive.open(name, "w") as out:
            out.write(head)
            for _ in range(300):
                out.write(b" " * (1 << 20))
            out.write(b"</sheetData>" + tail)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(name).file_size.to_bytes(4, "little")
    assert data.count(size) >= 1
    path.write_bytes(bytes(data).replace(size, (5000).to_bytes(4, "little")))
    answer = told(path, seconds=30)
    assert answer.get("error") in {"workbook_bomb", "workbook_unreadable", "workbook_too_big", "workbook_too_slow"}


# -- anything ------------------------------------------------------------------------------------------


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Spoil a file in one of the ways in which files are spoiled."""
    told = bytearray(data)
    match dice.randrange(5):
        case 0:
            del told[dice.randrange(len(told)) :]
        case 1:
            for _ in range(dice.randrange(1, 20)):
                told[dice.randrange(len(told))] = dice.randrange(256)
        case 2:
            start = dice.randrange(len(told))
            del told[start : start + dice.randrange(1, 200)]
        case 3:
            start = dice.randrange(len(told))
            told[start:start] = dice.randbytes(dice.randrange(1, 200))
        case _:
            start, length = dice.randrange(len(told)), dice.randrange(1, 400)
            other = dice.randrange(len(told))
            told[start : start + length] = told[other : other + length]
    return bytes(told)


def spoiled(path: Path, dice: random.Random) -> bytes:
    """Spoil a file as a whole, or one part within its archive, which then is whole."""
    data = path.read_bytes()
    if not data.startswith(b"PK") or dice.random() < 0.4:
        return mutated(data, dice)
    content = parts(path)
    name = dice.choice(sorted(name for name in content if name.endswith((".xml", ".rels"))))
    content[name] = mutated(content[name], dice) if content[name] else b"x"
    if dice.random() < 0.2:
        del content[dice.choice(sorted(content))]
    return zipped(path.with_name("spoiled"), content).read_bytes()


def fuzz(folder: Path, originals: list[Path], count: int, seed: int) -> None:
    """Have spoiled files read, all by the same children: each has an answer, and the good one among them is read."""
    dice = random.Random(seed)
    files: dict[str, Path] = {}
    for number in range(count):
        original = dice.choice(originals)
        path = folder / f"{number:03}{original.suffix}"
        path.write_bytes(spoiled(original, dice))
        files[path.name] = path
    files["zz.xlsx"] = book(folder / "zz.xlsx", {"S": ROWS})
    options = connector(folder)._options
    answers = dict(children.read_all(files, options, lambda: None, seconds=20, memory=MEMORY))
    assert answers.keys() == files.keys()
    for name, answer in answers.items():
        if "error" in answer:
            assert known(f"error.{answer['error']}", "zh"), answer
            assert answer["error"] not in {"workbook_reader_failed", "workbook_too_slow"}, (name, answer)
    assert krs(answers["zz.xlsx"]) == 2


def originals(folder: Path) -> list[Path]:
    merged = {"S": ["A2:A3"]}
    rows = [*ROWS, ["承接", "KR1"], ["O1", "目标", "信心", 0.5]]
    found = [book(folder / "a.xlsx", {"S": ROWS, "说明": rows}, merges=merged)]
    text = "\n".join(",".join(str(cell or "") for cell in cells) for cells in ROWS)
    for number, encoding in enumerate(("utf-8-sig", "gb18030", "utf-16")):
        found.append(folder / f"{number}.csv")
        found[-1].write_bytes(text.encode(encoding))
    return found


def test_whatever_is_spoiled_is_answered(tmp_path):
    (tmp_path / "in").mkdir()
    fuzz(tmp_path / "in", originals(tmp_path), 150, 6)


@pytest.mark.server
def test_whatever_is_spoiled_is_answered_in_other_formats(tmp_path):
    (tmp_path / "in").mkdir()
    found = originals(tmp_path)
    others = [path for form in ("ods", "xls") for path in soffice(form, tmp_path / form, found[0])]
    assert {path.suffix for path in others} == {".ods", ".xls"}
    fuzz(tmp_path / "in", others, 150, 7)
