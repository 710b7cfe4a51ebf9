"""Rows of workbooks over people's edits, through the whole program: what hangs on a thing stays with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from okr import pipeline
from okr import settings as okr_settings
from okr.reconcile.reading import Reader
from okr.report import Listing
from tests.connectors.workbook.making import Formula, book

if TYPE_CHECKING:
    from pathlib import Path

FIRST = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
LABELS = ["O编号", "承接", "O", "信心指数", "KR编号", "KR", "KR责任人", "完成日期", "握手方", "详细握手点说明"]
TABLES = {
    "org_units": [
        "unit_id,name,parent_id,leader_id,aliases",
        "top,集团,,w-top,",
        "market,市场部,top,w-market,",
        "tech,技术部,top,w-tech,",
    ],
    "people": [
        "person_id,name,unit_id",
        "w-top,赵一,top",
        "w-market,钱二,market",
        "w-tech,孙三,tech",
    ],
    "periods": ["period_id,name,starts_on,ends_on", "2026Q4,第四季度,2026-10-01,2026-12-31"],
}
RENEWAL, MEMBERS, STORES = "提升华东大客户续约率到九成", "上线新会员体系并稳定运行", "完成三家标杆门店改造"
SIGN, RETURNS, BOARD = "与二十家大客户签下续约合同", "退货处理平均时长降到三天", "数据看板供八个部门使用"


def kr(title: str, **more: Any) -> dict[str, Any]:
    """A KR without gaps of its own, but for what a test takes away."""
    return {"KR": title, "KR责任人": "钱二", "完成日期": "2026-12-20"} | more


def o(title: str, *krs: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """An O and its KRs as rows of a flat sheet."""
    return [{"O": title, "信心指数": 0.8, **more, **each} for each in krs]


@dataclass
class Company:
    """A company whose units fill in workbooks, run by run, a day apart."""

    folder: Path
    now: datetime = FIRST - timedelta(days=1)
    tables: dict[str, list[str]] = field(default_factory=lambda: {name: list(rows) for name, rows in TABLES.items()})

    def run(self, *, workbooks: dict[str, list[list[dict[str, Any]]]] | None = None) -> pipeline.SyncResult:
        """Write tables and workbooks, given as Os by file, and take them in; None: the workbooks lie as they do."""
        self.now += timedelta(days=1)
        (self.folder / "hr").mkdir(exist_ok=True)
        for name, rows in self.tables.items():
            (self.folder / "hr" / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        if workbooks is not None:
            inbox = self.folder / "inbox"
            inbox.mkdir(exist_ok=True)
            for file in inbox.iterdir():
                file.unlink()
            for name, objectives in workbooks.items():
                rows = [[row.get(label) for label in LABELS] for block in objectives for row in block]
                book(inbox / name, {"OKR": [LABELS, *rows]})
        text = f"""\
            period = "2026Q4"
            timezone = "Asia/Shanghai"
            now = {self.now.isoformat()}
            [sources.hr]
            kind = "tables"
            path = "hr"
            [sources.units]
            kind = "workbook"
            path = "inbox/*.xlsx"
            """
        (self.folder / "okr.toml").write_text(text, encoding="utf-8")
        return pipeline.sync(okr_settings.load(self.folder / "okr.toml"), report=Listing())

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.folder / "warehouse.duckdb", read_only=True) as house:
            return house.sql(query).fetchall()

    def ids(self) -> dict[str, str]:
        """By title, or party and point, the id under which it stands."""
        return dict(
            self.sql(
                "select title, objective_id from okr.objectives union all select title, kr_id from okr.key_results "
                "union all select concat_ws(':', party, point), handshake_id from okr.handshakes"
            )
        )

    def gaps(self, code: str) -> dict[str, datetime]:
        """By subject the first sight of the open gaps of a code."""
        with Reader(okr_settings.load(self.folder / "okr.toml")) as reader:
            found = list(reader.gaps(codes=(code,), now=self.now))
        return {gap["subject_id"]: datetime.fromisoformat(gap["first_seen"]) for gap in found}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


BASE = [
    o(RENEWAL, kr(SIGN, 完成日期=None, 握手方="技术部", 详细握手点说明="开放客户接口"), kr(RETURNS)),
    o(MEMBERS, kr(BOARD)),
]


def test_everything_stays_with_what_people_correct_and_move(company: Company) -> None:
    carrying = [o("接口三月内全面开放给渠道", kr("开放十个接口", KR责任人="孙三"), 承接="集团 O1-KR1")]
    top = [o("全年收入再上一个台阶", kr("续约收入两亿元", KR责任人="赵一"), kr("新客收入一亿元", KR责任人="赵一"))]
    company.run(workbooks={"集团.xlsx": top, "市场部.xlsx": BASE, "技术部.xlsx": carrying})
    first, ids = company.now, company.ids()
    assert company.gaps("QL504") == {ids[SIGN]: first}
    assert company.gaps("HS201") == {ids["技术部:开放客户接口"]: first}
    linked = company.sql("select objective_id, parent_id, first_seen from history.links")
    assert linked == [(ids["接口三月内全面开放给渠道"], ids["续约收入两亿元"], first)]

    # An O put in above, the other two swapped, a KR swapped and corrected, an O corrected; and above, a KR corrected.
    sign, renewal = SIGN.replace("签下", "签定"), RENEWAL.replace("续约", "续签")
    edited = [
        o(STORES, kr("改造三家门店")),
        *BASE[1:],
        o(renewal, kr(RETURNS), kr(sign, 完成日期=None, 握手方="技术部", 详细握手点说明="开放客户接口")),
    ]
    top = [o("全年收入再上一个台阶", kr("新客收入一亿元", KR责任人="赵一"), kr("续约收入二亿元", KR责任人="赵一"))]
    carrying[0][0]["承接"] = "集团 O1-KR2"
    company.run(workbooks={"集团.xlsx": top, "市场部.xlsx": edited, "技术部.xlsx": carrying})

    found = company.ids()
    assert found[renewal] == ids[RENEWAL]
    assert found[sign] == ids[SIGN]
    assert found["续约收入二亿元"] == ids["续约收入两亿元"]
    assert found[STORES] not in ids.values()
    for same in (MEMBERS, BOARD, RETURNS, "技术部:开放客户接口"):
        assert found[same] == ids[same]
    assert company.gaps("QL504") == {ids[SIGN]: first}
    assert company.gaps("HS201") == {ids["技术部:开放客户接口"]: first}
    assert company.sql("select objective_id, parent_id, first_seen from history.links") == linked

    history = f"select title, from_run, to_run from history.key_results where kr_id = '{ids[SIGN]}' order by from_run"
    assert company.sql(history) == [(SIGN, 1, 2), (sign, 2, None)]
    content = f"select changed_at, first_seen from history.content where id = '{ids[SIGN]}'"
    assert company.sql(content) == [(company.now, first)]
    identity = f"select kind, id, source, how, since from okr.identities where id = '{ids[SIGN]}' order by since"
    assert company.sql(identity) == [
        ("kr", ids[SIGN], "units", "words", first),
        ("kr", ids[SIGN], "units", "likeness", company.now),
    ]
    twice = "select kind, source, source_id from okr.identities group by all having count(*) > 1"
    assert company.sql(twice) == []


def test_a_night_without_changes_adds_no_identities(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    before = company.sql("select * from okr.identities order by all")
    company.run()
    assert company.sql("select * from okr.identities order by all") == before


def test_what_is_deleted_and_written_again_is_the_same(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    first, ids = company.now, company.ids()
    company.run(workbooks={"市场部.xlsx": [BASE[1]]})
    assert company.gaps("QL504") == {}
    company.run(workbooks={"市场部.xlsx": [o(STORES, kr("改造三家门店")), BASE[1], BASE[0]]})

    assert {title: company.ids()[title] for title in ids} == ids
    assert company.gaps("QL504") == {ids[SIGN]: first}


def test_a_kr_takes_what_hangs_on_it_to_another_o(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    first, ids = company.now, company.ids()
    moved = [o(RENEWAL, kr(RETURNS)), o(MEMBERS, BASE[0][0] | {"O": None}, kr(BOARD))]
    moved[1][0]["O"] = MEMBERS
    company.run(workbooks={"市场部.xlsx": moved})

    assert company.ids() == ids
    assert company.gaps("QL504") == {ids[SIGN]: first}
    assert company.sql(f"select objective_id from okr.key_results where kr_id = '{ids[SIGN]}'") == [(ids[MEMBERS],)]


def test_names_of_files_units_and_periods_are_no_part_of_an_identity(company: Company) -> None:
    company.run(workbooks={"市场部OKR-2026Q4.xlsx": BASE})
    ids = company.ids()
    company.run(workbooks={"市场部OKR 第四季度 最终版.xlsx": BASE})
    assert company.ids() == ids

    company.tables["org_units"][2] = "market,品牌市场部,top,w-market,"
    company.run(workbooks={"品牌市场部.xlsx": BASE[::-1]})
    assert company.ids() == ids


def test_a_newer_copy_says_the_same_things(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    ids = company.ids()
    newer = [BASE[0], o(MEMBERS.replace("稳定", "平稳"), kr(BOARD))]
    saved = company.now.replace(tzinfo=None)
    inbox = company.folder / "inbox"
    rows = [[row.get(label) for label in LABELS] for block in newer for row in block]
    book(inbox / "市场部(2).xlsx", {"OKR": [LABELS, *rows]}, saved=saved + timedelta(days=60))
    company.run()

    assert sorted(company.ids().values()) == sorted(ids.values())
    assert company.ids()[MEMBERS.replace("稳定", "平稳")] == ids[MEMBERS]


def test_a_workbook_that_cannot_be_opened_for_a_night_changes_nothing(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE, "技术部.xlsx": [o(STORES, kr("改造三家门店", KR责任人="孙三"))]})
    ids = company.ids()
    whole = (company.folder / "inbox" / "市场部.xlsx").read_bytes()
    (company.folder / "inbox" / "市场部.xlsx").write_bytes(whole[:200])
    company.run()
    assert company.ids() == ids

    company.run(workbooks={"市场部.xlsx": BASE[::-1]})
    assert {title: company.ids()[title] for title in (RENEWAL, SIGN, BOARD)} == {
        title: ids[title] for title in (RENEWAL, SIGN, BOARD)
    }


@pytest.mark.parametrize("gone", ["workbook", "unit"])
def test_who_was_away_for_a_night_is_known_again_with_edits(company: Company, gone: str) -> None:
    others = {"技术部.xlsx": [o(STORES, kr("改造三家门店", KR责任人="孙三"))]}
    company.run(workbooks={"市场部.xlsx": BASE, **others})
    ids = company.ids()
    if gone == "unit":
        unit = company.tables["org_units"].pop(2)
        company.run()
        company.tables["org_units"].insert(2, unit)
    else:
        company.run(workbooks=others)
    assert ids[SIGN] not in company.ids().values()

    sign = SIGN.replace("签下", "签定")
    company.run(workbooks={"市场部.xlsx": [o(RENEWAL, kr(sign), kr("完全不同的另一句话")), BASE[1]], **others})
    assert company.ids()[sign] == ids[SIGN]
    assert company.ids()["完全不同的另一句话"] == ids[RETURNS]
    assert company.ids()[MEMBERS] == ids[MEMBERS]


def test_a_warehouse_without_that_memory_still_knows_the_words(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    ids = company.ids()
    with duckdb.connect(company.folder / "warehouse.duckdb") as house:
        house.execute("drop table history.said")
    company.run(workbooks={"市场部.xlsx": BASE[::-1]})
    assert company.ids() == ids


# -- ids that stand in a column -----------------------------------------------------------------------


def test_ids_that_come_back_in_a_column_hold_against_all_words(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    ids = company.ids()
    back = [
        o(MEMBERS, kr(RETURNS, KR编号=ids[SIGN]), O编号=ids[RENEWAL]),
        o(RENEWAL, kr(SIGN, KR编号=ids[BOARD]), O编号=ids[MEMBERS]),
    ]
    company.run(workbooks={"市场部.xlsx": back})

    assert company.ids() == {MEMBERS: ids[RENEWAL], RENEWAL: ids[MEMBERS], RETURNS: ids[SIGN], SIGN: ids[BOARD]}


def test_a_row_copied_with_its_id_is_a_new_one(company: Company) -> None:
    company.run(workbooks={"市场部.xlsx": BASE})
    ids = company.ids()
    copied = [
        o(RENEWAL, kr(SIGN, KR编号=ids[SIGN]), kr("另外一句很不相同的话", KR编号=ids[SIGN]), O编号=ids[RENEWAL]),
    ]
    result = company.run(workbooks={"市场部.xlsx": copied})

    assert company.ids()[SIGN] == ids[SIGN]
    assert company.ids()["另外一句很不相同的话"] != ids[SIGN]
    assert result.refused_rows == 0


def test_a_row_whose_title_was_refused_stays_the_thing_it_is_night_after_night(company: Company) -> None:
    """A formula without a stored result, say, is refused in every run, and never stops one."""
    rows = [o(RENEWAL, kr(Formula('="与"&"大客户续约"')), kr(RETURNS)), o(Formula('="会员"'), kr(BOARD))]
    company.run(workbooks={"市场部.xlsx": rows})
    told = "select kr_id from okr.key_results where title is null union all select objective_id from okr.objectives"
    first = company.sql(told)
    assert len(first) == 3
    company.run(workbooks={"市场部.xlsx": [rows[0], [dict(row, 信心指数=0.7) for row in rows[1]]]})
    assert company.sql(told) == first
    assert company.sql("select count(*) from store.quarantine where code = 'formula_without_value'") == [(2,)]
    company.run(workbooks={"市场部.xlsx": [o(RENEWAL, kr(SIGN), kr(RETURNS)), o(MEMBERS, kr(BOARD))]})
    assert company.ids()[SIGN] == first[0][0]


def test_two_rows_that_state_one_new_id_are_refused_and_named(company: Company) -> None:
    rows = [o(RENEWAL, kr(SIGN, KR编号="K-1"), kr(RETURNS, KR编号="K-1"), kr(BOARD, KR编号="K-2"), O编号="OBJ-1")]
    result = company.run(workbooks={"市场部.xlsx": rows})

    assert company.ids() == {RENEWAL: "OBJ-1", BOARD: "K-2"}
    assert result.refused_rows == 2
    refused = company.sql('select record_id, code, place, "values" from store.quarantine where whole order by place')
    assert [(one[0], one[1]) for one in refused] == [("K-1", "duplicate_key")] * 2
    assert "F2" in refused[0][2]
    assert "F3" in refused[1][2]
    assert '"count": 2' in refused[0][3]


def test_copies_that_differ_are_told_once_also_where_the_workbooks_are_not_read_again(tmp_path: Path) -> None:
    """What a workbook said before stands in for it, and is no third copy in the next run."""
    company = Company(tmp_path)
    first, other = o("让客户愿意续约", kr(RENEWAL)), o("让客户愿意介绍", kr(SIGN))
    # Nobody knows yet that both are one unit; then somebody says so, and both send new ones.
    company.run(workbooks={"市场部.xlsx": [first], "Marketing.xlsx": [other]})
    company.tables["org_units"][2] = "market,市场部,top,w-market,Marketing"
    company.run(workbooks={"市场部.xlsx": [[*first, *other]], "Marketing.xlsx": [o("让客户满意", kr(SIGN))]})

    def told() -> list[tuple[str, str]]:
        with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
            return sorted((row["place"], row["code"]) for row in reader.quarantine())

    expected = [("Marketing.xlsx", "workbook_copies_differ"), ("市场部.xlsx", "workbook_copies_differ")]
    assert told() == expected
    for _ in range(2):
        company.now += timedelta(days=1)
        pipeline.sync(okr_settings.load(tmp_path / "okr.toml"), report=Listing(), sources=["hr"])
        assert told() == expected
