"""Where our pages stand, how people reach them, and what is too open to begin with."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from okr.errors import CallError

if TYPE_CHECKING:
    from okr.settings import Settings


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return address == "localhost" or ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_unsafe(settings: Settings) -> None:
    """Make sure that what passwords and packs travel over is closed.

    Raises:
        CallError: `serve_unsafe`: beyond this machine without TLS and without a proxy; `serve_needs_url`;
            `serve_certificate`: only half of a certificate is named, or a file of it is not there.
    """
    web = settings.web
    for name, file in (("certificate", web.certificate), ("certificate_key", web.certificate_key)):
        if (web.certificate is None) != (web.certificate_key is None) or (file is not None and not file.is_file()):
            raise CallError("serve_certificate", file=str(settings.file), key=f"web.{name}", path=file)
    if is_loopback(web.address):
        return
    if web.certificate is None and not web.proxy_addresses:
        raise CallError("serve_unsafe", file=str(settings.file), address=web.address)
    if web.url is None:
        raise CallError("serve_needs_url", file=str(settings.file), address=web.address)


def place(settings: Settings) -> str:
    """Where people reach our pages."""
    web = settings.web
    if web.url is not None:
        return web.url
    scheme = "https" if web.certificate is not None else "http"
    return f"{scheme}://{_host(web.address)}:{web.port}"


def is_https(settings: Settings) -> bool:
    """Whether people reach our pages over TLS."""
    return urlsplit(place(settings)).scheme == "https"


def origins(settings: Settings) -> frozenset[str]:
    """The origins of our own pages: forms that come from anywhere else are refused."""
    web = settings.web
    found = {_origin(place(settings))}
    if is_loopback(web.address):
        scheme = "https" if web.certificate is not None else "http"
        found |= {_origin(f"{scheme}://{name}:{web.port}") for name in (_host(web.address), "localhost")}
    return frozenset(found)


def is_proxy(settings: Settings, peer: str | None) -> bool:
    """Whether a connection comes from a proxy that the settings name."""
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(one) for one in settings.web.proxy_addresses)


def _origin(url: str) -> str:
    """Scheme, host and port as a browser names them: without the port that the scheme has by itself."""
    parts = urlsplit(url)
    host = _host(parts.hostname or "")
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _host(address: str) -> str:
    """An address as it stands in a URL."""
    bare = address.strip("[]")
    return f"[{bare}]" if ":" in bare else bare
