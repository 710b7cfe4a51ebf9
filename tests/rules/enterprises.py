"""Small and nasty enterprises, made by chance from a seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from tests.rules.oracle import Enterprise, Rules, Table
from tests.rules.oracle.world import COLUMNS
from tests.rules.pools import (
    ALL_CODES,
    LABELS,
    MEASURES,
    METRICS,
    NEEDED,
    NOW,
    PARENTS,
    PERIODS,
    PERSON_NAMES,
    PHRASES,
    UNIT_IDS,
    UNIT_NAMES,
)
from tests.rules.spoiling import spoilt

Row = dict[str, Any]


class Maker:
    """Makes one enterprise; the same seed makes the same one."""

    def __init__(self, seed: int, scale: int = 1) -> None:
        self.dice = Random(seed)
        self.scale = scale
        self.rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def maybe(self, value: Any, probability: float) -> Any:
        return value if self.chance(probability) else None

    def ids(self, table: str) -> list[str]:
        return [row[COLUMNS[table][0]] for row in self.rows[table]]

    def make(self) -> Enterprise:
        self.make_periods()
        self.make_units()
        self.make_people()
        self.make_objectives()
        self.make_key_results()
        self.make_alignments()
        self.plant()
        self.make_handshakes()
        self.make_dependencies()
        self.make_meetings()
        for rows in self.rows.values():
            self.dice.shuffle(rows)
        sources = self.make_sources()
        made = Enterprise(sources, self.make_order(list(sources), self.make_rules()))
        return spoilt(made, self.dice) if self.chance(0.5) else made

    # Who there is

    def make_periods(self) -> None:
        for each in PERIODS:
            if each["period_id"] != "2026Q4" and self.chance(0.15):
                continue
            row = {**each, "parent_period_id": PARENTS.get(each["period_id"])}
            row["starts_on"], row["ends_on"] = (date.fromisoformat(each[end]) for end in ("starts_on", "ends_on"))
            if self.chance(0.1):
                row["parent_period_id"] = self.dice.choice(["2026", "2026Q4", "2026H2", "never"])
            row["name"] = each["period_id"]
            self.rows["periods"].append(row)

    def make_units(self) -> None:
        pool = [*UNIT_IDS, *(f"n{number}" for number in range(9 * (self.scale - 1)))]
        ids = self.dice.sample(pool, self.scale * self.dice.randint(4, 9))
        for place, unit in enumerate(ids):
            parent = self.dice.choice(ids[:place][-4:]) if place else None
            if self.chance(0.08):
                parent = self.dice.choice([*ids, "nowhere", None])
            self.rows["org_units"].append(
                {
                    "unit_id": unit,
                    "name": self.maybe(self.dice.choice(UNIT_NAMES).strip(), 0.9),
                    "parent_id": parent,
                    "level": self.maybe("部门", 0.5),
                    "leader_id": self.maybe(f"p{self.dice.randint(1, 11)}", 0.7),
                    "aliases": self.some([*UNIT_NAMES, "部", "M"], 0.3),
                    "active": self.dice.choices([True, False, None], [80, 10, 10])[0],
                }
            )

    def some(self, pool: list[str], probability: float) -> list[str]:
        if not self.chance(probability):
            return []
        return [text.strip() for text in self.dice.sample(pool, self.dice.randint(1, 2))]

    def make_people(self) -> None:
        units = self.ids("org_units")
        for number in range(1, self.dice.randint(6, 11)):
            self.rows["people"].append(
                {
                    "person_id": f"p{number}",
                    "name": self.maybe(self.dice.choice(PERSON_NAMES), 0.9),
                    "aliases": self.some(["zw", "Ln", "工号7", f"n{number}"], 0.4),
                    "email": self.maybe(f"P{number}@Example.com", 0.7),
                    "unit_id": self.maybe(self.dice.choice([*units, *units, "nowhere"]), 0.9),
                    "locale": self.maybe("en", 0.3),
                    "active": self.dice.choices([True, False, None], [75, 15, 10])[0],
                }
            )

    def owners(self) -> list[str]:
        count = self.dice.choices([0, 1, 2], [20, 65, 15])[0]
        return [f"p{self.dice.randint(1, 11)}" for _ in range(count)]

    # What they want

    def title(self) -> str | None:
        if self.chance(0.03):
            return None
        text = self.dice.choice(PHRASES)
        while "{unit}" in text:
            text = text.replace("{unit}", self.dice.choice(UNIT_NAMES).strip(), 1)
        if self.chance(0.3):
            text = self.dice.choice([str.upper, str.lower, wide, str.title])(text)
        if self.chance(0.3):
            place = self.dice.randint(0, len(text))
            text = text[:place] + self.dice.choice(["，", " ", "“", "-", "。", "%", "\u3000"]) + text[place:]
        return (self.dice.choice(LABELS) + text).strip()

    def time(self, probability: float) -> datetime | None:
        if not self.chance(probability):
            return None
        return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(
            hours=self.dice.randint(0, 40) * 24, microseconds=self.dice.choice([0, 0, 1, 250000])
        )

    def due(self) -> date | None:
        first = date(2026, 10, 1)
        return self.maybe(first + timedelta(days=self.dice.choice([-1, 0, 30, 60, 90, 91, 92])), 0.85)

    def make_objectives(self) -> None:
        units = self.ids("org_units")
        hot = self.dice.choice(units)
        periods = ["2026Q4"] * 8 + [
            "2026",
            "2026H2",
            "2026H2",
            "2026B6",
            "2027Q1",
            "Q4-other",
            "2026Q3",
        ]
        for number in range(self.scale * self.dice.randint(8, 18)):
            unit = self.dice.choice([hot, *units, *units])
            self.rows["objectives"].append(
                {
                    "objective_id": self.dice.choice([f"o{number}", f"O{number}", f"x{number}"]),
                    "unit_id": "nowhere" if self.chance(0.03) else unit,
                    "person_id": self.maybe(f"p{self.dice.randint(1, 11)}", 0.2),
                    "period_id": "never" if self.chance(0.03) else self.dice.choice(periods),
                    "ordinal": self.maybe(number % 5 + 1, 0.8),
                    "title": self.title(),
                    "owner_ids": self.owners(),
                    "confidence": self.maybe(self.dice.choice([0.0, 0.3, 0.49, 0.5, 0.7, 1.0]), 0.8),
                    "origin": self.maybe(self.dice.choice(["top_down", "bottom_up"]), 0.4),
                    "state": self.dice.choices(["published", "draft", "withdrawn", "masked", None], [74, 6, 3, 9, 8])[
                        0
                    ],
                    "visibility": self.maybe(self.dice.choice(["public", "unit", "private"]), 0.3),
                    "content_updated_at": self.time(0.5),
                    "updated_at": self.time(0.3),
                }
            )

    def make_key_results(self) -> None:
        for row in self.rows["objectives"]:
            objective = row["objective_id"]
            for number in range(self.dice.choices([0, 1, 2, 3, 5], [15, 25, 30, 20, 10])[0]):
                if self.chance(0.02):
                    objective = "gone"
                name = f"{row['objective_id']}-{number}" if number else row["objective_id"]
                self.rows["key_results"].append(self.key_result(name, objective, number))

    def key_result(self, name: str, objective: str, number: int) -> Row:
        measured = self.chance(0.6)
        return {
            "kr_id": name,
            "objective_id": objective,
            "ordinal": self.maybe(number + 1, 0.9),
            "title": self.title(),
            "owner_ids": self.owners(),
            "member_ids": self.owners(),
            "due_on": self.due(),
            "confidence": self.maybe(self.dice.choice([0.2, 0.5, 0.9]), 0.5),
            "progress": self.maybe(self.dice.choice([0.0, 0.4, 1.0, 1.2]), 0.5),
            "metric": self.maybe(self.dice.choice(METRICS[:3]), 0.9) if measured else None,
            "comparator": self.maybe(self.dice.choice([">=", "<=", "="]), 0.6),
            "target": self.maybe(self.dice.choice([10.0, 20.0, 30.0, 0.5, 30.0]), 0.95) if measured else None,
            "measure_unit": self.maybe(self.dice.choice(MEASURES[:3]), 0.9) if measured else None,
            "rollup": self.maybe(self.dice.choice(["sum", "min", "max"]), 0.3),
            "content_updated_at": self.time(0.5),
            "updated_at": self.time(0.3),
        }

    # How they belong together

    def make_alignments(self) -> None:
        units = {row["unit_id"]: row for row in self.rows["org_units"]}
        home = {row["objective_id"]: row["unit_id"] for row in self.rows["objectives"]}
        seen = set()
        for objective, unit in home.items():
            upper = units.get(unit, {}).get("parent_id")
            for _ in range(self.dice.choices([0, 1, 2, 3], [25, 45, 20, 10])[0]):
                kind, target = self.target(home, upper)
                if (objective, kind or "kr", target) not in seen:
                    seen.add((objective, kind or "kr", target))
                    share = self.maybe(self.dice.choice([0.2, 0.3, 0.5, 0.7, 1.0]), 0.5)
                    self.rows["alignments"].append(
                        {
                            "objective_id": objective,
                            "parent_kind": kind,
                            "parent_id": target,
                            "share": share,
                            "updated_at": self.time(0.5),
                        }
                    )

    def plant(self) -> None:
        """What chance alone makes too seldom: clean carrying from below, and too many Os."""
        units = {row["unit_id"]: row for row in self.rows["org_units"] if row["active"] is not False}
        pairs = [(row["parent_id"], unit) for unit, row in units.items() if row["parent_id"] in units]
        if not pairs:
            return
        for number in range(self.dice.randint(1, 3)):
            upper, lower = self.dice.choice(pairs)
            self.plant_carrying(f"top{number}", upper, [f"low{number}{end}" for end in "ab"], lower)
        if self.chance(0.3):
            unit, person = self.dice.choice(list(units)), self.maybe("p1", 0.5)
            for number in range(6):
                self.rows["objectives"].append(self.clean_objective(f"many{number}", unit, person))

    def clean_objective(self, name: str, unit: str, person: str | None = None) -> Row:
        return {
            "objective_id": name,
            "unit_id": unit,
            "person_id": person,
            "period_id": "2026Q4",
            "title": self.title(),
            "owner_ids": self.owners(),
            "state": "published",
        }

    def plant_carrying(self, top: str, upper: str, lows: list[str], lower: str) -> None:
        self.rows["objectives"].append(self.clean_objective(top, upper))
        measure = {
            "metric": self.dice.choice(METRICS[1:3]),
            "measure_unit": self.dice.choice(MEASURES),
        }
        kr = {**self.key_result(f"{top}-kr", top, 1), **measure, "target": 30.0}
        self.rows["key_results"].append(kr)
        self.rows["key_results"].append(self.key_result(f"{top}-kr2", top, 2))
        whole = self.chance(0.4)
        for low in lows[: self.dice.randint(1, 2)]:
            self.rows["objectives"].append(self.clean_objective(low, lower, self.maybe("p2", 0.2)))
            child = {**self.key_result(f"{low}-kr", low, 1), **measure}
            child["target"] = self.dice.choice([15.0, 30.0, 10.0, 60.0])
            self.rows["key_results"].append(child)
            self.rows["alignments"].append(
                {
                    "objective_id": low,
                    "parent_kind": "objective" if whole else None,
                    "parent_id": top if whole else f"{top}-kr",
                    "share": self.maybe(self.dice.choice([0.3, 0.5]), 0.7),
                    "updated_at": self.time(0.5),
                }
            )

    def target(self, home: dict[str, str], upper: str | None) -> tuple[str | None, str]:
        if self.chance(0.04):
            return None, "nothing"
        near = [key for key, unit in home.items() if unit == upper]
        objectives = near if near and self.chance(0.75) else list(home)
        if self.chance(0.25):
            return "objective", self.dice.choice(objectives)
        krs = [row["kr_id"] for row in self.rows["key_results"] if row["objective_id"] in objectives]
        return self.dice.choice([None, "kr"]), self.dice.choice(krs or ["nothing"])

    def party(self) -> str | None:
        units, people = self.rows["org_units"], self.rows["people"]
        unit, person = self.dice.choice(units), self.dice.choice(people)
        pool = [
            *[each["unit_id"] for each in self.dice.sample(units, 4)],
            unit["name"],
            *unit["aliases"],
            person["person_id"],
            person["name"],
            person["email"],
            *person["aliases"],
            "没有的部门",
        ]
        text = self.dice.choice(pool)
        if text is not None and self.chance(0.3):
            text = self.dice.choice([str.upper, str.lower, wide])(text).strip()
        return text

    def make_handshakes(self) -> None:
        krs = self.ids("key_results")
        for number in range(int(len(krs) * self.dice.choice([0.3, 0.7, 1.0]))):
            self.rows["handshakes"].append(
                {
                    "handshake_id": f"h{number}",
                    "kr_id": "gone" if self.chance(0.03) else self.dice.choice(krs),
                    "party": self.maybe(self.party(), 0.95),
                    "point": self.maybe("要支持", 0.85),
                    "needed_by": self.due(),
                    "response": self.maybe(self.dice.choice(["accepted", "accepted", "clarify", "rejected"]), 0.7),
                    "response_reason": self.maybe("没人", 0.3),
                    "responded_by": self.maybe("p1", 0.3),
                    "responded_at": self.time(0.6),
                    "supporting_kr_id": self.maybe(self.dice.choice([*krs, "gone"]), 0.5),
                    "decision": self.maybe(self.dice.choice(["invest", "drop"]), 0.3),
                    "content_updated_at": self.time(0.4),
                    "updated_at": self.time(0.3),
                }
            )

    def make_dependencies(self) -> None:
        krs = [*self.ids("key_results"), "gone"] if self.chance(0.5) else self.ids("key_results")
        pairs = (
            {(self.dice.choice(krs), self.dice.choice(krs)) for _ in range(self.scale * self.dice.randint(0, 8))}
            if krs
            else set()
        )
        pairs |= {(other, one) for one, other in sorted(pairs) if self.chance(0.1)}
        for one, other in sorted(pairs):
            self.rows["dependencies"].append({"kr_id": one, "needs_kr_id": other})

    def make_meetings(self) -> None:
        for number in range(self.dice.randint(0, 2)):
            self.rows["meetings"].append(
                {
                    "meeting_id": f"m{number}",
                    "unit_id": self.dice.choice(self.ids("org_units")),
                    "period_id": self.dice.choice(self.ids("periods")),
                    "starts_at": NOW + timedelta(days=self.dice.choice([-3, 0, 2, 7]), hours=-9),
                    "title": self.maybe("握手会", 0.5),
                }
            )

    # In what they stand

    def make_sources(self) -> dict[str, dict[str, Table]]:
        whole = {table: self.table(table, rows) for table, rows in self.rows.items()}
        for table in ("handshakes", "dependencies", "people", "alignments", "meetings"):
            if self.chance(0.05):
                del whole[table]
        if self.chance(0.25):
            people = {table: whole.pop(table) for table in ("org_units", "people") if table in whole}
            return {"hr": people, "计划": whole}
        if self.chance(0.3):
            return {"planning": whole, "second": self.split(whole)}
        return {"planning": whole}

    def table(self, table: str, rows: list[Row]) -> Table:
        """The table with most of its columns; what a missing one said is not said."""
        kept = [column for column in COLUMNS[table] if column in NEEDED[table] or not self.chance(0.04)]
        return Table(
            tuple(kept),
            tuple({key: row[key] for key in kept if row.get(key) is not None} for row in rows),
        )

    def split(self, whole: dict[str, Table]) -> dict[str, Table]:
        """A second source takes some rows of some tables, with columns of its own."""
        second = {}
        for table in ("objectives", "key_results", "handshakes", "alignments", "org_units", "people", "meetings"):
            if table in whole and self.chance(0.6):
                rows = whole[table].rows
                both = [self.other(table, row) for row in rows[::2] if self.chance(0.3)]
                whole[table] = replace(whole[table], rows=rows[::2])
                second[table] = self.table(table, [*rows[1::2], *both])
        if not second:
            second["org_units"] = Table(COLUMNS["org_units"])
        return second

    def other(self, table: str, row: Row) -> Row:
        """What a second source says of a thing: less, or something else."""
        said = {column: value for column, value in row.items() if column in NEEDED[table] or self.chance(0.6)}
        others: dict[str, Any] = {
            "title": self.title(),
            "active": self.chance(0.5),
            "confidence": 0.8,
            "owner_ids": self.owners(),
            "due_on": self.due(),
            "state": self.dice.choice(["published", "draft", "masked"]),
            "share": 0.5,
            "response": "accepted",
            "name": self.dice.choice(["另一个名字", wide(row.get("name") or "x").upper() + " "]).strip(),
            "party": self.party(),
            "point": "要 支持",
            "aliases": [*(row.get("aliases") or ())][::-1] or ["zw"],
            "updated_at": self.time(1),
            "target": 30.0,
        }
        said |= {
            column: value
            for column, value in others.items()
            if column in COLUMNS[table] and value is not None and self.chance(0.3)
        }
        return said

    def make_order(self, sources: list[str], rules: Rules) -> Rules:
        """Whose word stands where several sources speak of one thing."""
        if self.chance(0.5):
            numbers = {source: self.dice.choice([1, 1, 2]) for source in sources if not self.chance(0.2)}
            rules = replace(rules, precedence=numbers)
        if self.chance(0.5):
            columns = self.dice.sample(["title", "owner_ids", "state", "name", "due_on", "response", "party"], 3)
            rules = replace(rules, fields={column: (self.dice.choice(sources),) for column in columns})
        return rules

    def make_rules(self) -> Rules:
        zone = self.dice.choice(["Asia/Shanghai", "Asia/Shanghai", "America/New_York", "UTC"])
        now = self.dice.choice([NOW, NOW, NOW, datetime(2026, 12, 31, 20, 30, 0, 1, tzinfo=UTC)])
        rules = Rules(now=now, zone=zone, infer=not self.chance(0.1))
        if self.chance(0.7):
            known = self.ids("periods")
            period = "2026Q4" if self.chance(0.8) else self.dice.choice(known)
            rules = replace(rules, period=period)
        if self.chance(0.5):
            limits = {
                "QL501": self.dice.randint(1, 4),
                "QL502": self.dice.randint(1, 4),
                "QL508": 0.7,
            }
            rules = replace(rules, limits=limits)
        if self.chance(0.3):
            severities = ["critical", "major", "minor", "info"]
            chosen = {code: self.dice.choice(severities) for code in self.dice.sample(ALL_CODES, 5)}
            rules = replace(rules, severities=chosen)
        if self.chance(0.2):
            rules = replace(rules, disabled=frozenset(self.dice.sample(ALL_CODES, 2)))
        if self.chance(0.3):
            meeting = {
                "meeting_id": "from-settings",
                "unit": self.dice.choice(self.ids("org_units")),
                "period": self.dice.choice(self.ids("periods")),
                "starts_at": now + timedelta(days=7),
                "title": None,
            }
            rules = replace(rules, meetings=(meeting,))
        return rules


def wide(text: str) -> str:
    """The text in full-width characters."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def enterprise(seed: int, scale: int = 1) -> Enterprise:
    """The enterprise of a seed; `scale` is how many times as large as usual it is."""
    return Maker(seed, scale).make()
