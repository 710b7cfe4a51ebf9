"""`okr coverage`, `okr handshakes`, `okr meetings`: how units, requests and meetings stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.cli import columns, rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say
from okr.cli.tables import Field, clock, count, plain, share, show, word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    Row = Mapping[str, object]


def coverage(
    *,
    unit: str | None = None,
    period: str | None = None,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List how far the key results of each active unit are carried."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        rows = reader.coverage(unit=unit, period=period, now=rooms.now(known))

    def table() -> None:
        if rows:
            show(rows, COVERAGE)
            tables.remark(say("cli.coverage.legend"))
        else:
            tables.line(say("cli.coverage.none"))

    put(rows, columns.COVERAGE, want, table)
    return 0


def handshakes(
    *,
    unit: str | None = None,
    meeting: str | None = None,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List every handshake that counts, with both units, the response and its standing."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        rows = reader.handshakes(unit=unit, meeting=meeting, now=rooms.now(known))
    if want.table or want.file is not None:
        rows = [_for_everybody(row) for row in rows]

    def table() -> None:
        if rows:
            show(rows, HANDSHAKES)
            tables.remark(say("cli.handshakes.count", count=len(rows)))
        else:
            tables.line(say("cli.handshakes.none"))

    put(rows, columns.HANDSHAKES, want, table)
    return 0


def meetings(
    *,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List the meetings to come, with their readiness."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        rows = reader.meetings(now=rooms.now(known))

    def table() -> None:
        if rows:
            show(rows, _meeting_fields(known.zone))
        else:
            tables.line(say("cli.meetings.none"))

    put(rows, columns.MEETINGS, want, table)
    return 0


def _for_everybody(row: Row) -> Row:
    """A handshake as anybody may read it: what is not public stands there by its number."""
    if row.get("visibility", "public") == "public":
        return row
    hidden = say("cli.handshakes.hidden", label=row.get("label") or row["kr_id"])
    return {
        **row,
        "point": None if row["point"] is None else hidden,
        "response_reason": None if row["response_reason"] is None else hidden,
    }


def _ways(row: Row) -> str:
    return f"{row['equal']}/{row['decomposed']}/{row['polynomial']}"


def _people(row: Row) -> str:
    return f"{row['people_objectives']}/{row['people_key_results']}"


COVERAGE = (
    Field("unit", lambda row: f"{row['name']} ({row['unit_id']})", ratio=1),
    Field("krs", count("krs"), right=True),
    Field("carried", count("carried"), right=True),
    Field("whole", count("carried_as_a_whole"), right=True),
    Field("coverage", share("coverage"), right=True),
    Field("effective", share("effective_coverage"), right=True),
    Field("objectives", count("objectives"), right=True),
    Field("traced", count("traced"), right=True),
    Field("ways", _ways, right=True),
    Field("people", _people, right=True),
)


def _kr(row: Row) -> str:
    """The KR by unit and number; its id where nobody can say that."""
    return str(row.get("label") or row["kr_id"])


def _party(row: Row) -> str:
    if row["party_unit_id"] is None:
        return f"{row['party'] or ''}?"
    return str(row["party"] or row["party_unit_id"])


def _standing(row: Row) -> str:
    told = [say(f"cli.standing.{row['standing']}")]
    told += [say(f"cli.standing.{flag}") for flag in ("stale", "late") if row[flag]]
    if row["response"] is not None and row.get("answered_how") is not None:
        told.append(say(f"cli.answered.{row['answered_how']}", who=row["answered_by"] or ""))
    return " · ".join(told)


HANDSHAKES = (
    Field("kr", _kr, ratio=3),
    Field("party", _party, ratio=2),
    Field("point", plain("point"), ratio=5),
    Field("needed_by", plain("needed_by")),
    Field("standing", _standing, ratio=2),
)


def _meeting_fields(zone: ZoneInfo) -> tuple[Field, ...]:
    def title(row: Row) -> str:
        return f"{row['title']} ({row['meeting_id']})" if row["title"] else str(row["meeting_id"])

    def answered(row: Row) -> str:
        if row["requests"] is None:
            return "–"
        return f"{int(row['requests']) - int(row['unanswered'])} / {row['requests']}"  # type: ignore[call-overload]

    def ready(row: Row) -> str:
        return "–" if row["readiness"] is None else f"{float(row['readiness']):.0f}"  # type: ignore[arg-type]

    return (
        Field("meeting", title, ratio=3),
        Field("unit", plain("unit_id"), ratio=2),
        Field("period", plain("period_id")),
        Field("starts_at", lambda row: clock(row["starts_at"], zone)),
        Field("krs", count("krs"), right=True),
        Field("answered", answered, right=True),
        Field("density", share("handshake_density"), right=True),
        Field("advice", word("advice", "advice")),
        Field("readiness", ready, right=True),
    )
