"""The coming meetings: how ready each is, what was made for it, and the button that makes it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, RedirectResponse, Response

from okr.errors import RunError
from okr.publish.door.register import HRBP, OPS
from okr.web.orders import elsewhere
from okr.web.packs import packs
from okr.web.pages import shown, spoken
from okr.web.visits import Refused, form, house_of, require_mark, required

if TYPE_CHECKING:
    from starlette.requests import Request

    from okr.publish.door import Meeting
    from okr.web.house import House
    from okr.web.packs import Shown
    from okr.web.visits import Visit

MAY_START = {OPS, HRBP}
RECENT = 8
"""Runs of a meeting that its page shows."""


def listed(request: Request) -> Response:
    """Show the coming meetings that name the visitor."""
    visit = required(request)
    house = house_of(request)
    rows = []
    for meeting in visit.visitor.sees(visit.register.meetings):
        made = packs(house.settings, meeting, visit.visitor.at(meeting))
        rows.append({"meeting": meeting, "pack": made[0] if made else None})
    return shown(request, "meetings.html", visit=visit, rows=rows, empty=house.is_empty)


def one(request: Request) -> Response:
    """Show one meeting."""
    visit = required(request)
    house = house_of(request)
    meeting = sought(request, visit)
    roles = visit.visitor.at(meeting)
    orders, unreachable = _orders(house)
    mine = [order for order in orders if order.meeting_id == meeting.meeting_id]
    return shown(
        request,
        "meeting.html",
        visit=visit,
        meeting=meeting,
        roles=roles,
        may_start=bool(roles & MAY_START),
        mail_on=house.settings.mail.enabled,
        packs=packs(house.settings, meeting, roles),
        running=[order for order in mine if not order.is_over],
        over=[order for order in mine if order.is_over][:RECENT],
        elsewhere=elsewhere(house.ledger, orders),
        unreachable=unreachable,
        called=lambda file: _called(meeting, file),
    )


async def start(request: Request) -> Response:
    """Start a preparation, or a rehearsal of one; then show how it goes."""
    visit = await run_in_threadpool(required, request)
    fields = await form(request)
    require_mark(request, visit, fields)
    house = house_of(request)
    meeting = sought(request, visit)
    if not visit.visitor.at(meeting) & MAY_START:
        raise Refused(403, "may_not_start")
    rehearsal = fields.get("kind") == "rehearsal"
    if rehearsal and house.settings.mail.redirect_to is None:
        raise Refused(409, "no_rehearsal")

    def begin() -> str:
        # A second press of the button is answered with the run that the first one started.
        for order in house.orders.latest():
            alike = bool(order.parameters.get("rehearsal")) == rehearsal
            if not order.is_over and order.meeting_id == meeting.meeting_id and alike:
                return order.order_id
        who = visit.visitor.address or "ops"
        return house.orders.start(
            meeting.meeting_id, rehearsal=rehearsal, fresh="fresh" in fields, who=who, language=spoken(request)
        )

    order = await run_in_threadpool(begin)
    return RedirectResponse(f"/meetings/{meeting.key}/runs/{order}", 303)


def download(request: Request) -> Response:
    """Hand out one file of a pack."""
    visit = required(request)
    meeting = sought(request, visit)
    wanted = (request.path_params["pack"], request.path_params["file"])
    for pack in packs(house_of(request).settings, meeting, visit.visitor.at(meeting)):
        for file in pack.files:
            if (pack.name, file.name) == wanted:
                return _file(file.path, file.name, page=file.kind == "page")
    raise Refused(404, "not_found")


def sought(request: Request, visit: Visit) -> Meeting:
    """Return the meeting that the address means.

    Raises:
        Refused: `not_found`: there is none, or it does not name the visitor; which of the two is not told.
    """
    meeting = visit.register.by_key(request.path_params["key"])
    if meeting is None or not visit.visitor.at(meeting):
        raise Refused(404, "not_found")
    return meeting


def _called(meeting: Meeting, file: Shown) -> str | None:
    """Which unit's workbook a file is; None: its kind says enough."""
    return meeting.row["participant_names"].get(file.unit_id, file.unit_id) if file.kind == "unit" else None


def _orders(house: House) -> tuple[list[Any], bool]:
    """The latest runs; whether Prefect could not be asked."""
    try:
        return list(house.orders.latest()), False
    except RunError:
        return [], True


def _file(path: Any, name: str, *, page: bool) -> Response:  # noqa: ANN401
    if not page:
        return FileResponse(path, filename=name)
    # The one-page state of readiness opens in the browser, shut off from our pages and from everywhere else.
    policy = (
        "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy}
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)
