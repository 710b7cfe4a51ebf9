"""Which texts are addresses that a mail can go to."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\\\]\x00-\x20\x7f-\x9f]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""


def usable(address: str | None) -> bool:
    r"""Whether a text is one address, with nothing around it; quoted names before the @ are not taken.

    >>> usable("li.lei@example.com"), usable("li lei@example.com"), usable("a@b.com\nBcc: c@d.com")
    (True, False, False)
    """
    if not address or len(address) > LONGEST:
        return False
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or ".." in local or local[0] == "." or local[-1] == ".":
        return False
    return all(_LABEL.fullmatch(label) for label in domain.split(".")) and on_the_wire(address) is not None


def on_the_wire(address: str) -> str | None:
    """The address with its domain as mail servers know it; None where the domain has no such form.

    >>> on_the_wire("li@bücher.example")
    'li@xn--bcher-kva.example'
    """
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
