"""Things of several sources under one id, through the whole program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from okr import pipeline
from okr import settings as okr_settings
from okr.errors import SettingsError
from okr.ledger import Ledger
from okr.reconcile.reading import Reader
from okr.report import Listing
from tests.connectors.workbook.making import book

if TYPE_CHECKING:
    from pathlib import Path

FIRST = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
Rows = dict[str, list[str]]

HR: Rows = {
    "org_units": [
        "unit_id,name,parent_id,leader_id,aliases",
        "top,集团,,E001,",
        "m,市场部,top,E002,",
        "t,技术部,top,E003,",
    ],
    "people": [
        "person_id,name,unit_id,email,aliases",
        "E001,赵一,top,zhao@x.example,1001",
        "E002,钱二,m,qian@x.example,1002",
        "E003,孙三,t,sun@x.example,1003",
    ],
    "periods": ["period_id,name,starts_on,ends_on", "2026Q4,第四季度,2026-10-01,2026-12-31"],
}


@dataclass
class Company:
    """A company whose sources are folders of tables, run by run, a day apart."""

    folder: Path
    now: datetime = FIRST - timedelta(days=1)
    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def run(self, mapping: list[str] | None = None, **sources: Rows | None) -> pipeline.SyncResult:
        self.now += timedelta(days=1)
        text = f'timezone = "Asia/Shanghai"\nnow = {self.now.isoformat()}\nperiod = "2026Q4"\n'
        if mapping is not None:
            (self.folder / "same.csv").write_text("\n".join(mapping) + "\n", encoding="utf-8")
            text += '[identities]\npath = "same.csv"\n'
        for name, tables in sources.items():
            if tables is None:  # a folder of workbooks
                text += f'[sources.{name}]\nkind = "workbook"\npath = "{name}/*.xlsx"\n'
                continue
            place = self.folder / name
            place.mkdir(exist_ok=True)
            for old in place.iterdir():
                old.unlink()
            for table, lines in tables.items():
                (place / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
            text += f'[sources.{name}]\nkind = "tables"\npath = "{name}"\n'
        (self.folder / "okr.toml").write_text(text, encoding="utf-8")
        report = Listing()
        result = pipeline.sync(self.settings, report=report)
        self.notes = report.notes
        return result

    @property
    def settings(self):
        return okr_settings.load(self.folder / "okr.toml")

    def ids(self, kind: str) -> dict[str, tuple[str, str]]:
        """By `source/id` the canonical id and how it was found."""
        return {
            f"{source}/{source_id}": (id_, how)
            for id_, source, source_id, how in self.rows(
                "select id, source, source_id, how from okr.identities where kind = $k", k=kind
            )
        }

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as house:
            return house.sql(query, params=values or None).fetchall()

    def doubts(self) -> dict[str, list[str]]:
        """The SY604 gaps by subject: whom or what the row may be."""
        with Reader(self.settings) as reader:
            found = list(reader.gaps(codes=("SY604",), now=self.now))
        return {gap["subject_id"]: gap["detail"]["ids"] for gap in found}

    def decide(self, kind: str, a: str, b: str, verdict: str) -> int:
        ends = [
            dict(zip(("source", "id"), said.split("/"), strict=True)) if "/" in said else {"id": said}
            for said in (a, b)
        ]
        with Ledger.of(self.settings) as ledger:
            return ledger.decide(
                "identity", f"{a} = {b}", verdict, "me", "", self.now, {"kind": kind, "a": ends[0], "b": ends[1]}
            )

    def take_back(self, entry: int) -> None:
        with Ledger.of(self.settings) as ledger:
            ledger.take_back(entry, "me", "", self.now)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_people_are_known_by_address_number_and_name(company: Company) -> None:
    okr = {
        "people": [
            "person_id,name,unit_id,email,aliases",
            "ou_a,Zhao Yi,top,ZHAO@x.example,",
            "ou_b,,m,,1002",
            "ou_c,孫三總監,t,,",
            "ou_d,Sun San,m,,",
        ]
    }
    company.run(hr=HR, okr=okr)
    assert company.ids("person") == {
        "hr/E001": ("E001", "id"),
        "hr/E002": ("E002", "id"),
        "hr/E003": ("E003", "id"),
        "okr/ou_a": ("E001", "email"),
        "okr/ou_b": ("E002", "number"),
        "okr/ou_c": ("E003", "name"),
        "okr/ou_d": ("ou_d", "id"),  # in another unit: somebody else until a person says otherwise
    }
    assert company.doubts() == {}
    assert company.rows("select id, candidate, how from judged.identity_proposals") == []


def test_who_cannot_be_told_is_asked_about_and_stays_apart(company: Company) -> None:
    hr = {
        **HR,
        "people": [*HR["people"], "E004,王磊,m,,", "E005,王磊,m,,", "E006,李蕾,m,,", "E007,周舟,m,zhou@x.example,"],
    }
    okr = {
        "people": [
            "person_id,name,unit_id,email",
            "ou_w,王磊,m,",
            "ou_l,李磊,m,",  # read alike, written otherwise
            "ou_z,吴双,m,zhou@x.example",  # an address that was given out again
        ]
    }
    company.run(hr=hr, okr=okr)
    assert company.doubts() == {"okr/people/ou_w": ["E004", "E005"], "okr/people/ou_z": ["E007"]}
    assert {key: value[0] for key, value in company.ids("person").items() if key.startswith("okr/")} == {
        "okr/ou_w": "ou_w",
        "okr/ou_l": "ou_l",
        "okr/ou_z": "ou_z",
    }

    entry = company.decide("person", "E005", "ou_w", "same")
    company.decide("person", "E007", "okr/ou_z", "different")
    company.run(hr=hr, okr=okr)
    assert company.ids("person")["okr/ou_w"] == ("E005", "decided")
    assert company.doubts() == {}

    company.take_back(entry)
    company.run(hr=hr, okr=okr)
    assert company.ids("person")["okr/ou_w"] == ("ou_w", "id")
    assert list(company.doubts()) == ["okr/people/ou_w"]


def test_ways_to_write_one_name_are_no_conflict(company: Company) -> None:
    okr = {
        "people": [
            "person_id,name,unit_id",
            "E001,Zhao Yi,top",
            "E002,錢二總監,m",
            "E003,孙三3,t",
            "E004,王磊2,t",
            "E005,周舟,t",
        ]
    }
    hr = {**HR, "people": [*HR["people"], "E004,王磊1,t,,", "E005,周小舟,t,,"]}
    company.run(hr=hr, okr=okr)
    assert company.rows("select id, field from judged.conflicts order by 1") == [("E004", "name"), ("E005", "name")]


def test_units_are_known_by_name_under_their_parent(company: Company) -> None:
    okr = {
        "org_units": [
            "unit_id,name,parent_id,aliases",
            "r,集團,,",
            "r1,市場部,r,Marketing",
            "r2,平台部,r,",
            "r3,技术部,r2,",  # another parent
        ]
    }
    company.run(hr=HR, okr=okr)
    ids = {key: value[0] for key, value in company.ids("unit").items() if key.startswith("okr/")}
    assert ids == {"okr/r": "top", "okr/r1": "m", "okr/r2": "r2", "okr/r3": "r3"}
    assert company.rows("select id, candidate, how from judged.identity_proposals") == [("r3", "t", "name_elsewhere")]
    (parent,) = company.rows("select parent_id from okr.org_units where unit_id = 'r2'")
    assert parent == ("top",)
    ((names,),) = company.rows("select aliases from okr.org_units where unit_id = 'm'")
    assert set(names) == {"Marketing", "市場部", "市场部"}


def test_merged_units_are_no_silent_guess(company: Company) -> None:
    hr = {**HR, "org_units": [*HR["org_units"], "z,销售部,top,,销售一部;销售二部"]}
    okr = {"org_units": ["unit_id,name,parent_id", "x0,集团,", "x1,销售一部,x0", "x2,销售二部,x0"]}
    company.run(hr=hr, okr=okr)
    assert company.doubts() == {"okr/org_units/x1": ["z"], "okr/org_units/x2": ["z"]}


PLAN: Rows = {
    "objectives": ["objective_id,unit_id,period_id,title,owner_ids", "O1,m,2026Q4,让客户愿意再来,E002"],
    "key_results": ["kr_id,objective_id,title,owner_ids", "K1,O1,续约率达到 90%,E002", "K2,O1,新签 20 家,E002"],
    "handshakes": ["handshake_id,kr_id,party,point", "H1,K1,技术部,上线续约看板"],
}
FEISHU: Rows = {
    "periods": ["period_id,name,starts_on,ends_on", "7001,2026 Q4,2026-10-01,2026-12-31"],
    "objectives": ["objective_id,unit_id,period_id,title", "fo1,m,7001,O1：让客户 愿意再来"],
    "key_results": ["kr_id,objective_id,title,progress", "fk1,fo1,續約率達到90%,0.4", "fk2,fo1,新签 30 家,0.2"],
    "handshakes": ["handshake_id,kr_id,party,point,response", "fh1,fk1,t,上线续约看板。,accepted"],
}


def test_items_are_known_by_words_within_unit_and_period(company: Company) -> None:
    company.run(hr=HR, plan=PLAN, feishu=FEISHU)
    assert company.ids("period")["feishu/7001"] == ("2026Q4", "days")
    assert company.ids("objective")["feishu/fo1"] == ("O1", "words")
    assert company.ids("kr")["feishu/fk1"] == ("K1", "words")
    assert company.ids("kr")["feishu/fk2"] == ("fk2", "id")  # 20 and 30 are not the same goal
    assert company.ids("handshake")["feishu/fh1"] == ("H1", "words")
    assert company.rows("select kr_id, objective_id, progress from okr.key_results order by 1") == [
        ("K1", "O1", 0.4),
        ("K2", "O1", None),
        ("fk2", "O1", 0.2),
    ]
    assert company.rows("select handshake_id, kr_id, response from okr.handshakes") == [("H1", "K1", "accepted")]
    assert company.rows("select id, candidate, how from judged.identity_proposals") == [("fk2", "K2", "likeness")]

    # It stays, whichever source wins or disappears, and whatever is written later.
    company.run(hr=HR, feishu={**FEISHU, "objectives": [FEISHU["objectives"][0], "fo1,m,7001,完全不同的目标"]})
    assert company.ids("objective")["feishu/fo1"][0] == "O1"
    assert company.rows("select objective_id, title, period_id from okr.objectives") == [
        ("O1", "完全不同的目标", "2026Q4")
    ]


def test_one_numbering_states_its_things_apart(company: Company) -> None:
    more = {
        "objectives": ["objective_id,unit_id,period_id,title", "O9,m,2026Q4,让客户愿意再来"],
        "alignments": ["objective_id,parent_id", "O1,K2"],
    }
    company.run(hr=HR, plan=PLAN, more=more)
    assert company.ids("objective")["more/O9"] == ("O9", "id")
    assert company.doubts() == {}


def test_two_periods_of_one_source_stay_two(company: Company) -> None:
    hr = {**HR, "periods": [*HR["periods"], "Q4b,双月,2026-10-01,2026-12-31"]}
    other = {
        "periods": ["period_id,name,starts_on,ends_on", "x,周期,2026-10-01,2026-12-31", "y,双月,2026-10-01,2026-12-31"]
    }
    company.run(hr=hr, other=other)
    ids = company.ids("period")
    assert (ids["other/y"][0], ids["other/x"][0]) == ("Q4b", "2026Q4")
    company.run(hr=hr, third={"periods": ["period_id,starts_on,ends_on", "z,2026-10-01,2026-12-31"]})
    assert company.doubts() == {"third/periods/z": ["2026Q4", "Q4b"]}


def test_two_periods_that_a_source_tells_apart_stay_two(company: Company) -> None:
    """It states one of them alone, and yet its Os are of both."""
    hr = {**HR, "periods": [*HR["periods"], "2026,年度,2026-01-01,2026-12-31"]}
    plan = {
        "periods": ["period_id,name,starts_on,ends_on", "Q4b,双月,2026-10-01,2026-12-31"],
        "objectives": ["objective_id,unit_id,period_id,title", "O1,m,2026Q4,一个目标", "O2,m,Q4b,另一个目标"],
    }
    company.run(hr=hr, plan=plan)
    assert company.ids("period")["plan/Q4b"] == ("Q4b", "id")
    assert company.rows("select objective_id, period_id from okr.objectives order by 1") == [
        ("O1", "2026Q4"),
        ("O2", "Q4b"),
    ]


def test_requests_without_a_point_are_two_until_somebody_says_otherwise(company: Company) -> None:
    more = {"handshakes": ["handshake_id,kr_id,party,response", "H8,K2,t,", "H9,K1,t,accepted"]}
    plan = {**PLAN, "handshakes": ["handshake_id,kr_id,party", "H1,K1,t", "H2,K2,技术部"]}
    company.run(hr=HR, plan=plan, more=more)
    assert company.rows("select handshake_id, response from okr.handshakes order by 1") == [
        ("H1", None),
        ("H2", None),
        ("H8", None),
        ("H9", "accepted"),
    ]
    assert company.rows("select id, candidate from judged.identity_proposals order by 1") == [
        ("H8", "H2"),
        ("H9", "H1"),
    ]


def test_a_mapping_table(company: Company) -> None:
    mapping = ["kind,id,source,source_id", "人员,E003,okr,ou_x", "unit,m,,r9"]
    okr = {
        "org_units": ["unit_id,name", "r9,Brand Team"],
        "people": ["person_id,name,unit_id", "ou_x,Somebody Else,r9"],
        "objectives": ["objective_id,unit_id,period_id,title,owner_ids", "O5,r9,2026Q4,好的目标,ou_x;E003"],
    }
    company.run(mapping, hr=HR, okr=okr)
    assert company.ids("person")["okr/ou_x"] == ("E003", "mapping")
    assert company.ids("unit")["okr/r9"] == ("m", "mapping")
    assert company.rows("select unit_id, owner_ids from okr.objectives") == [("m", ["E003"])]

    company.run([*mapping, "person,E002,,nobody"], hr=HR, okr=okr)
    assert ("identity_unknown", {"ids": ["nobody"]}) in company.notes


@pytest.mark.parametrize(
    ("lines", "code", "line"),
    [
        (["person,A,,B", "person,B,,C", "person,C,,A"], "mapping_circle", 4),
        (["person,A,hr,B", "person,C,hr,B"], "mapping_of_two", 3),
        (["person,A,nowhere,B"], "mapping_source_unknown", 2),
        (["animal,A,,B"], "mapping_kind_unknown", 2),
        (["person,,,B"], "mapping_cell_empty", 2),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_by_its_line(
    company: Company, lines: list[str], code: str, line: int
) -> None:
    with pytest.raises(SettingsError) as refused:
        company.run(["kind,id,source,source_id", *lines], hr=HR)
    (problem,) = refused.value.problems
    assert (problem.code, problem.values["line"]) == (code, line)
    assert problem.values["file"] == str(company.folder / "same.csv")
    assert not (company.folder / "warehouse.duckdb").exists()


def test_one_id_for_two_people_is_named_and_can_be_taken_apart(company: Company) -> None:
    okr = {
        "people": ["person_id,name,unit_id,email", "E002,欧阳修,t,ouyang@x.example", "ou_c,孙三,t,"],
        "objectives": ["objective_id,unit_id,period_id,title,owner_ids", "O5,t,2026Q4,好的目标,E002"],
    }
    company.run(hr=HR, okr=okr)
    assert company.doubts() == {"okr/people/E002": ["E002"]}
    assert company.ids("person")["okr/ou_c"] == ("E003", "name")  # one clash is no common numbering

    company.decide("person", "hr/E002", "okr/E002", "different")
    company.run(hr=HR, okr=okr)
    assert company.doubts() == {}
    assert company.ids("person")["okr/E002"] == ("okr:E002", "decided")
    assert company.ids("person")["hr/E002"] == ("E002", "id")
    assert company.rows("select owner_ids from okr.objectives") == [(["okr:E002"],)]


def test_a_source_that_changes_all_its_ids_keeps_its_history(company: Company) -> None:
    plan = {
        "objectives": [
            "objective_id,unit_id,period_id,ordinal,title",
            "O1,m,2026Q4,1,让客户愿意再来",
            "O2,m,2026Q4,2,把仓库搬到南边去",
            "O3,t,2026Q4,1,系统一年不停机",
        ],
        "key_results": [
            "kr_id,objective_id,ordinal,title",
            "K1,O1,1,续约率 90%",
            "K2,O1,2,回访 20 家",
            "K3,O3,1,停机 0 次",
        ],
    }
    company.run(hr=HR, plan=plan)
    anew = {
        "objectives": [
            "objective_id,unit_id,period_id,ordinal,title",
            "a1,m,2026Q4,1,让客户愿意再来",
            "a2,m,2026Q4,2,把仓库搬去南方",
            "a3,t,2026Q4,1,系统一年不停机",
        ],
        "key_results": [
            "kr_id,objective_id,ordinal,title",
            "b1,a1,1,续约率 90%",
            "b2,a1,2,客户满意",
            "b3,a3,1,停机 0 次",
        ],
    }
    company.run(hr=HR, plan=anew)
    found = {key: value[0] for key, value in company.ids("objective").items() if key.startswith("plan/a")}
    assert found == {"plan/a1": "O1", "plan/a2": "O2", "plan/a3": "O3"}
    assert company.ids("kr")["plan/b2"] == ("K2", "place")
    assert ("source_renumbered", {"source": "plan", "table": "objectives", "found": 3, "before": 3}) in company.notes
    assert company.rows(
        "select min(from_run) from history.objectives where objective_id = 'O3' and to_run is null"
    ) == [(1,)]


def test_a_workbook_s_o_is_the_one_that_a_system_knows(company: Company) -> None:
    labels = ["O", "信心指数", "KR", "KR责任人", "完成日期", "握手方", "详细握手点说明"]

    def fill(title: str) -> None:
        inbox = company.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        row = [title, 0.8, "续约率达到 90%", "钱二", "2026-12-20", "技术部", "上线续约看板"]
        book(inbox / "市场部OKR-2026Q4.xlsx", {"OKR": [labels, row]})

    fill("让客户愿意再来")
    company.run(hr=HR, plan=PLAN, inbox=None)
    assert company.rows("select objective_id, confidence from okr.objectives") == [("O1", 0.8)]
    assert company.rows("select kr_id, due_on::varchar from okr.key_results order by 1") == [
        ("K1", "2026-12-20"),
        ("K2", None),
    ]
    assert company.rows("select handshake_id from okr.handshakes") == [("H1",)]

    fill("让客户愿意再来三次")
    company.run(hr=HR, plan=PLAN, inbox=None)
    assert company.rows("select objective_id from okr.objectives") == [("O1",)]
    assert {id_ for id_, how in company.ids("objective").values()} == {"O1"}


def test_one_unit_after_a_decision_keeps_what_its_workbooks_said(company: Company) -> None:
    hr = {**HR, "org_units": [*HR["org_units"], "m2,品牌部,top,,"]}
    labels = ["O", "信心指数", "KR", "KR责任人", "完成日期"]
    (company.folder / "inbox").mkdir()
    book(
        company.folder / "inbox" / "品牌部OKR-2026Q4.xlsx",
        {"OKR": [labels, ["人人都知道我们", 0.8, "提及率 30%", "钱二", "2026-12-20"]]},
    )
    company.run(hr=hr, inbox=None)
    before = company.rows("select objective_id, unit_id from okr.objectives")
    company.decide("unit", "m", "m2", "same")
    company.run(hr=hr, inbox=None)
    assert company.rows("select objective_id, unit_id from okr.objectives") == [(before[0][0], "m")]
    with Reader(company.settings) as reader:
        assert list(reader.gaps(unit="m2", now=company.now)) == list(reader.gaps(unit="m", now=company.now))
