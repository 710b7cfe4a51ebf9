"""What chance draws from: ids, names, words and periods that are hard to read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]

NEEDED = {
    "org_units": {"unit_id"},
    "people": {"person_id"},
    "periods": {"period_id", "starts_on", "ends_on"},
    "objectives": {"objective_id", "unit_id", "period_id"},
    "key_results": {"kr_id", "objective_id"},
    "alignments": {"objective_id", "parent_kind", "parent_id"},
    "handshakes": {"handshake_id", "kr_id"},
    "dependencies": {"kr_id", "needs_kr_id"},
    "meetings": {"meeting_id", "unit_id", "period_id", "starts_at"},
}
UNIT_IDS = ["u1", "u2", "u10", "U1", "市场", "it", "ｕ1", "d-7", "研发 部", "𝒰x", "z/9", "a@b"]
UNIT_NAMES = [
    "市场部", "市场", "产品研发部", "研发部", "Sales", "sales ", "IT", "AI Lab", "QA2", "华东",
    "华东区域", "数据平台", "Café", "平台", "人力资源部",
]  # fmt: skip
PERSON_NAMES = ["张伟", "李娜", "Wang Fang", "ＷＡＮＧ fang", "王芳", "Zoë", "赵强", "华东"]
PHRASES = [
    "新增重点客户一百家", "客户满意度提升至90%", "Grow revenue by 1,000 units",
    "Launch the new app", "上线新一代数据平台", "成本降低5%",
    "成本降低-5%", "成本降低 5", "abc", "第①期上线完成验收",
    "百分之三十的门店改造", "Reach 60 stores", "半年内完成整改", "１２３完成验收", "三十家门店开业",
    "联合{unit}完成交付", "{unit}系统上线完成", "HR{unit}项目按期交付", "支持{unit}2团队建设",
    "与{unit}、{unit}共建", "版本 1.5 发布完成", "版本 1 .5 发布完成", "毛利达到 3.5 个百分点",
    "打造标杆客户群", "Ship v2 (beta) to all", "提升品牌影响力",
    "二〇二七年规划定稿", "٣ أهداف جديدة",
]  # fmt: skip
LABELS = [
    "",
    "",
    "",
    "O1：",
    "KR2. ",
    "目标3、",
    "关键结果 1)",
    "o:",
    "KR 3 .",
    "O1.5 ",
    "ＫＲ１：",
    "O ",
]
METRICS = ["收入", "Revenue", "ＲＥＶＥＮＵＥ", "满意度"]
MEASURES = ["万元", "%", "％", "家", "USD", "usd"]
PERIODS: list[Row] = [
    {"period_id": "2026", "starts_on": "2026-01-01", "ends_on": "2026-12-31"},
    {"period_id": "2026H2", "starts_on": "2026-07-01", "ends_on": "2026-12-31"},
    {"period_id": "2026Q3", "starts_on": "2026-07-01", "ends_on": "2026-09-30"},
    {"period_id": "2026Q4", "starts_on": "2026-10-01", "ends_on": "2026-12-31"},
    {"period_id": "2027Q1", "starts_on": "2027-01-01", "ends_on": "2027-03-31"},
    {"period_id": "Q4-other", "starts_on": "2026-10-01", "ends_on": "2026-12-31"},
    {"period_id": "2026B6", "starts_on": "2026-11-01", "ends_on": "2026-12-31"},
]
PARENTS = {"2026H2": "2026", "2026Q3": "2026H2", "2026Q4": "2026H2", "2026B6": "2026Q4"}
NOW = datetime(2026, 12, 11, 0, 0, tzinfo=UTC)
ALL_CODES = [
    *(f"AL{number}" for number in range(101, 112)),
    *(f"HS{number}" for number in range(201, 213)),
    *(f"OW{number}" for number in range(401, 405)),
    *(f"QL{number}" for number in range(501, 510)),
    "SY601",
    "SY603",
]
