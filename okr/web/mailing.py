"""Sends links to sign in, straight to the mail server: what signs somebody in stands in no outbox and in no log."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from okr.errors import OkrError
from okr.publish.door import LINK_LASTS
from okr.publish.door.place import is_loopback, place
from okr.settings import now, resolve, set_by_hand
from okr.texts import text, told
from schemas.normal import fold_text

if TYPE_CHECKING:
    from okr.publish.door import Visitor
    from okr.texts import Language
    from okr.web.house import House

PAUSE = 60.0
"""Seconds between two links to one address."""

EACH = 6
"""Links in an hour to one address."""

AT_MOST = 60
"""Links in an hour, to whomever: somebody who types addresses all day fills nobody's mailbox."""

HOUR = 3600.0


class Measure:
    """How many links have gone, and to whom."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone: deque[tuple[float, str]] = deque()

    def allows(self, address: str) -> bool:
        """Whether another link may go to an address now; if so, it counts."""
        at = time.monotonic()
        with self._lock:
            while self._gone and self._gone[0][0] < at - HOUR:
                self._gone.popleft()
            own = [then for then, to in self._gone if to == address]
            if len(self._gone) >= AT_MOST or len(own) >= EACH or (own and own[-1] > at - PAUSE):
                return False
            self._gone.append((at, address))
            return True


def is_on(house: House) -> bool:
    """Whether links go by mail: mail is on, and may leave where the time is set by hand."""
    mail = house.settings.mail
    if not mail.enabled or mail.host is None or mail.sender is None:
        return False
    return not set_by_hand(house.settings) or mail.redirect_to is not None or is_loopback(mail.host)


def send_link(house: House, said: str, lang: Language) -> None:
    """Send a link to an address, if settings or meetings name it; to the address as they write it.

    Never raises: whoever asked is gone. What went wrong stands in the log of the process, without the link.
    """
    try:
        visitor = house.register().visitor(said)
        if visitor is None or not house.measure.allows(fold_text(visitor.address)):
            return
        chosen: Language = "en" if visitor.locale == "en" else "zh" if visitor.locale == "zh" else lang
        _send(house, visitor, chosen)
    except OkrError as error:
        sys.stderr.write(" ".join(told(error, "en")) + "\n")


def _send(house: House, visitor: Visitor, lang: Language) -> None:
    from connectors.smtp import Letter, Post  # noqa: PLC0415 - only where mail is on

    settings = house.settings
    mail = settings.mail
    link = f"{place(settings)}/sign-in/{house.keys.link(visitor.address)}"
    minutes = int(LINK_LASTS.total_seconds() // 60)
    words = {"name": visitor.name or visitor.address, "minutes": minutes}
    plain = text("web.mail.text", lang, link=link, **words)
    from okr.web.pages import TEMPLATES  # noqa: PLC0415

    html = TEMPLATES.get_template("mail.html").render(
        {"say": lambda code, **filled: text(f"web.{code}", lang, **filled), "lang": lang, "link": link, **words}
    )
    letter = Letter(
        key=secrets.token_hex(16),
        sender=mail.sender or "",
        to=mail.redirect_to or visitor.address,
        subject=text("web.mail.subject", lang),
        text=plain,
        html=html,
        language=lang,
        at=now(settings),
    )
    password = mail.password
    with Post(mail, lambda: "" if password is None else resolve(password, block=house.block)) as post:
        handed = post.send(letter)
    if handed.state != "sent":
        sys.stderr.write(f"a link to sign in: {handed.state} {handed.code} {handed.reason}\n")
