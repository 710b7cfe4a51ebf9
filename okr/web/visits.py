"""Who is asking: by the cookie of a visit, or by a header of a proxy that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from okr.errors import OkrError
from okr.publish.door.place import is_proxy

if TYPE_CHECKING:
    from starlette.requests import Request

    from okr.publish.door import Register, Visitor
    from okr.web.house import House


class Refused(OkrError):  # noqa: N818 - an answer, not a failure
    """What a visitor asks for is not for them, or is not there; `status` is HTTP's."""

    def __init__(self, status: int, code: str, **values: object) -> None:
        super().__init__(code, **values)
        self.status = status


@dataclass(frozen=True)
class Visit:
    """One request of somebody who may come in."""

    visitor: Visitor
    register: Register
    number: str
    by_proxy: bool


def house_of(request: Request) -> House:
    """The house whose pages these are."""
    return cast("House", request.app.state.house)


def found(request: Request) -> Visit | None:
    """Return who is asking; None: somebody who has to sign in.

    Raises:
        Refused: `not_named`: a proxy says who it is, and neither settings nor meetings name them.
    """
    house = house_of(request)
    web = house.settings.web
    peer = request.client.host if request.client else None
    if is_proxy(house.settings, peer) and len(said := request.headers.getlist(web.user_header)) > 0:
        # Two such headers: one of them came from outside, and nobody can tell which.
        visitor = house.register().login(_text(said[0])) if len(said) == 1 and said[0] else None
        if visitor is None:
            raise Refused(403, "not_named")
        return Visit(visitor, house.register(), f"proxy {visitor.address}", by_proxy=True)
    given = house.keys.read_visit(request.cookies.get(house.cookie, ""))
    if given is None or not house.ledger.signed_in(given.visit):
        return None
    register = house.register()
    visitor = register.visitor(given.address)
    return None if visitor is None else Visit(visitor, register, given.visit, by_proxy=False)


def required(request: Request) -> Visit:
    """Return who is asking.

    Raises:
        Refused: `sign_in`, `not_named`.
    """
    visit = found(request)
    if visit is None:
        raise Refused(401, "sign_in")
    return visit


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form, each once."""
    body = await request.body()
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def require_mark(request: Request, visit: Visit, fields: dict[str, str]) -> None:
    """Make sure that a form was made by a page of this very visit.

    Raises:
        Refused: `form_old`.
    """
    keys = house_of(request).keys
    if not keys.is_mark(fields.get("mark", ""), visit.number):
        raise Refused(403, "form_old")


def _text(header: str) -> str:
    """A header's value: Starlette reads bytes as Latin-1, proxies write UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return header
