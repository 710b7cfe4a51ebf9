"""Signing in and out. A link's GET shows a button and only its POST signs in: mail scanners follow links."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from okr.publish.door import CONSOLE, VISIT_LASTS
from okr.web import mailing
from okr.web.pages import shown, spoken
from okr.web.visits import Refused, form, found, house_of, require_mark

if TYPE_CHECKING:
    from starlette.requests import Request

LONGEST_ADDRESS = 320

_sending: set[asyncio.Task[None]] = set()


def ask(request: Request) -> Response:
    """Show the form that asks for an address; where mail is off, who to ask for a link."""
    visit = found(request)
    if visit is not None:
        return RedirectResponse("/", 303)
    return shown(request, "sign_in.html", mail_on=mailing.is_on(house_of(request)), asked=False)


async def send(request: Request) -> Response:
    """Send a link, where the address may have one. The answer is the same for every address, and comes at once."""
    house = house_of(request)
    if not mailing.is_on(house):
        raise Refused(409, "mail_off")
    address = (await form(request)).get("address", "").strip()
    if address != CONSOLE and len(address) <= LONGEST_ADDRESS:
        sending = asyncio.create_task(run_in_threadpool(mailing.send_link, house, address, spoken(request)))
        _sending.add(sending)  # a task that nobody holds may be lost
        sending.add_done_callback(_sending.discard)
    return shown(request, "sign_in.html", mail_on=True, asked=True)


def look(request: Request) -> Response:
    """Show the button that signs in; nothing is spent by looking."""
    given = house_of(request).keys.read_link(request.path_params["token"])
    if given is None:
        raise Refused(410, "link_old")
    return shown(request, "enter.html", address=given.address, token=request.path_params["token"])


def enter(request: Request) -> Response:
    """Sign in, once."""
    house = house_of(request)
    given = house.keys.read_link(request.path_params["token"])
    if given is None:
        raise Refused(410, "link_old")
    if house.register().visitor(given.address) is None:
        raise Refused(403, "not_named")
    if not house.ledger.sign_in(given.visit, given.address or "ops", datetime.now(UTC)):
        raise Refused(410, "link_spent")
    response = RedirectResponse("/", 303)
    response.set_cookie(
        house.cookie,
        house.keys.visit(given),
        max_age=int(VISIT_LASTS.total_seconds()),
        secure=house.is_https,
        httponly=True,
        samesite="lax",
    )
    return response


async def leave(request: Request) -> Response:
    """Sign out: the cookie goes, and a copy of it opens nothing."""
    house = house_of(request)
    visit = await run_in_threadpool(found, request)
    if visit is not None and not visit.by_proxy:
        require_mark(request, visit, await form(request))
        who = visit.visitor.address or "ops"
        await run_in_threadpool(house.ledger.sign_out, visit.number, who, datetime.now(UTC))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(house.cookie, secure=house.is_https, httponly=True, samesite="lax")
    return response
