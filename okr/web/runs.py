"""Watching runs: one preparation stage by stage, and for ops all that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.errors import RunError
from okr.publish.door.register import OPS
from okr.texts import text
from okr.web.meetings import sought
from okr.web.orders import LATEST, elsewhere
from okr.web.pages import shown
from okr.web.visits import Refused, Visit, house_of, required

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from okr.publish.door import Meeting
    from okr.texts import Language
    from okr.web.house import House

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def one(request: Request) -> Response:
    """Show one run of a meeting."""
    return _one(request, "run.html")


def now(request: Request) -> Response:
    """Return the part of that page that changes."""
    return _one(request, "part_run.html")


def listed(request: Request) -> Response:
    """Show ops all runs: of the schedule, of the pages, of the command line."""
    return _listed(request, "runs.html")


def listed_now(request: Request) -> Response:
    """Return the part of that page that changes."""
    return _listed(request, "part_runs.html")


def _one(request: Request, template: str) -> Response:
    visit = required(request)
    meeting = sought(request, visit)
    order = house_of(request).orders.watch(request.path_params["order"])
    if order is None or order.meeting_id != meeting.meeting_id:
        raise Refused(404, "not_found")
    response = shown(
        request,
        template,
        visit=visit,
        meeting=meeting,
        order=order,
        notes=_notes(visit, meeting, order),
        waits=not order.is_over and _waits(house_of(request), order),
    )
    if order.is_over:
        response.headers["X-Okr-Over"] = "1"
    return response


def _waits(house: House, order: Any) -> bool:  # noqa: ANN401 - a `flows.orders.Order`
    """Whether it has said that it waits for another run, and is not past that."""
    path = str(house.settings.warehouse.path)

    def said(code: str) -> bool:
        return any(text(f"note.{code}", lang, path=path) in order.notes for lang in LANGUAGES)

    if not order.stages:
        return said("waiting_for_preparation")
    last = order.stages[-1]
    return last.name == "merge and judge" and last.state == "running" and said("waiting_for_warehouse")


def _notes(visit: Visit, meeting: Meeting, order: Any) -> list[str]:  # noqa: ANN401
    """What a run has to say on its way: of sources and their files, which is for ops."""
    return list(order.notes) if OPS in visit.visitor.at(meeting) else []


def _listed(request: Request, template: str) -> Response:
    visit = required(request)
    if not visit.visitor.ops:
        raise Refused(404, "not_found")
    house = house_of(request)
    try:
        orders, unreachable = list(house.orders.latest()), False
    except RunError:
        orders, unreachable = [], True
    meetings = {meeting.meeting_id: meeting for meeting in visit.register.meetings}
    return shown(
        request,
        template,
        visit=visit,
        orders=orders,
        meetings=meetings,
        elsewhere=elsewhere(house.ledger, orders),
        log=house.ledger.runs(LATEST),
        unreachable=unreachable,
    )
