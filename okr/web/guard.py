"""What every request passes before any page sees it, and what every answer bears."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from okr.publish.door.place import is_loopback, is_proxy
from okr.texts import text

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from okr.web.house import House

LARGEST_FORM = 64 * 1024  # bytes
SAFE = {"GET", "HEAD"}

HEADERS = {
    # Everything is our own: no other place's scripts, styles, pictures, and no other place shows us in a frame.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # With `no-referrer` a browser would hide the origin of our own forms, too.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses what comes by another name, from a page that is not ours, or past the proxy."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house
        self._hosts = {urlsplit(origin).netloc for origin in house.origins}
        web = house.settings.web
        self._only_proxies = not is_loopback(web.address) and web.certificate is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._house.is_https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            status, code = refusal
            said = f"{text(f'web.refused.{code}', 'zh')}\n{text(f'web.refused.{code}', 'en')}\n"
            await PlainTextResponse(said, status)(scope, receive, answer)
            return
        await self._app(scope, receive, answer)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else None
        if self._only_proxies and not (peer and is_loopback(peer)) and not is_proxy(self._house.settings, peer):
            return 403, "past_proxy"
        if headers.get("host", "").lower() not in self._hosts:
            return 421, "host"  # another name that leads here: a page of somebody else's may have made it
        return None if scope["method"] in SAFE else self._form_refusal(scope, headers)

    def _form_refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if scope["method"] != "POST":
            return 405, "method"
        if not self._is_ours(headers):
            return 403, "origin"
        length = headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_FORM:
            return 413, "too_large"
        return None

    def _is_ours(self, headers: Headers) -> bool:
        """Whether a form was sent by one of our own pages, as the browser says."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") == "same-origin"
        return origin.lower() in self._house.origins
