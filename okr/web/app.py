"""The pages put together: which address leads where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from okr.errors import OkrError
from okr.texts import told
from okr.web import meetings, runs, signing
from okr.web.guard import Guard
from okr.web.pages import choose_language, shown
from okr.web.visits import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from okr.web.house import House

HERE = Path(__file__).parent


def application(house: House) -> Starlette:
    """Return the pages of a house."""
    app = Starlette(
        routes=[
            Route("/", meetings.listed),
            Route("/meetings/{key}", meetings.one),
            Route("/meetings/{key}/start", meetings.start, methods=["POST"]),
            Route("/meetings/{key}/runs/{order}", runs.one),
            Route("/meetings/{key}/runs/{order}/now", runs.now),
            Route("/meetings/{key}/packs/{pack}/{file}", meetings.download),
            Route("/runs", runs.listed),
            Route("/runs/now", runs.listed_now),
            Route("/sign-in", signing.ask, methods=["GET"]),
            Route("/sign-in", signing.send, methods=["POST"]),
            Route("/sign-in/{token}", signing.look, methods=["GET"]),
            Route("/sign-in/{token}", signing.enter, methods=["POST"]),
            Route("/sign-out", signing.leave, methods=["POST"]),
            Route("/language/{lang}", choose_language),
            Route("/health", _health),
            Mount("/static", _Static(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard, house=house)],
        exception_handlers={Refused: _refused, OkrError: _failed, 404: _missing, 405: _missing, 500: _broken},
    )
    app.state.house = house
    # It would lead to http, in the clear, where a proxy brings the TLS; and nothing of ours ends in a slash.
    app.router.redirect_slashes = False
    return app


class _Static(StaticFiles):
    """Our style and script: the same for everybody, asked for anew only when they have changed."""

    def file_response(self, *args: object, **more: object) -> Response:
        """Let a browser keep them and ask whether they still hold."""
        response = super().file_response(*args, **more)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - as it is registered
    if error.code == "sign_in" and request.method == "GET" and not request.url.path.endswith("/now"):
        return RedirectResponse("/sign-in", 303)
    return shown(request, "message.html", status=error.status, code=error.code, values=error.values)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, OkrError)  # noqa: S101
    sys.stderr.write(" ".join(told(error, "en")) + "\n")  # the log of the pages; who is not signed in is told no more
    return shown(request, "message.html", status=503, code="failed", values={}, failure=error)


def _missing(request: Request, _error: Exception) -> Response:
    return shown(request, "message.html", status=404, code="not_found", values={})


def _broken(request: Request, _error: Exception) -> Response:
    return shown(request, "message.html", status=500, code="broken", values={})
