"""One mail as it goes over the wire: text and HTML side by side, safe headers, attachments."""

from __future__ import annotations

import hashlib
import mimetypes
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import TYPE_CHECKING

from connectors.smtp.addresses import on_the_wire

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_NAME = 80
_SUBJECT = 200


@dataclass(frozen=True)
class Letter:
    """A mail to one address.

    Attributes:
        key: its idempotency key; the Message-ID is made of it, so that a second copy can be told as one.
        sender: the address that it is from, and `sender_name`, how that is shown.
        to: the address that it goes to, and `to_name`, whose that is.
        subject: one line; line breaks in it become spaces.
        text: the mail for readers without HTML.
        html: the same as HTML.
        language: `zh` or `en`.
        at: the time that it bears.
        reply_to: addresses that an answer goes to; none: the sender.
        attachments: files, read as the mail is composed.
    """

    key: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    at: datetime
    sender_name: str | None = None
    to_name: str | None = None
    reply_to: tuple[str, ...] = ()
    attachments: tuple[Path, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether every address is ASCII, so that any server takes it."""
        return self.to.rpartition("@")[0].isascii() and self.sender.rpartition("@")[0].isascii()

    def composed(self) -> EmailMessage:
        """The mail.

        Raises:
            OSError: an attachment cannot be read.
        """
        mail = EmailMessage(SMTP if self.plain else SMTPUTF8)
        mail["From"] = _address(self.sender, self.sender_name)
        mail["To"] = _address(self.to, self.to_name)
        if self.reply_to:
            mail["Reply-To"] = [_address(one, None) for one in self.reply_to]
        mail["Subject"] = one_line(self.subject)[:_SUBJECT]
        mail["Date"] = format_datetime(self.at)
        domain = (on_the_wire(self.sender) or self.sender).rpartition("@")[2]
        mail["Message-ID"] = f"<{hashlib.sha256(self.key.encode()).hexdigest()[:32]}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to this
        mail["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
        mail.set_content(self.text)
        mail.add_alternative(self.html, subtype="html")
        for file in self.attachments:
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            main, _, sub = kind.partition("/")
            # Without a charset a page would count as ASCII, and a mail program's preview shows no Chinese.
            params = {"charset": "utf-8"} if main == "text" else None
            name = one_line(file.name)
            mail.add_attachment(file.read_bytes(), maintype=main, subtype=sub, filename=name, params=params)
        mail["Content-Language"] = self.language  # last: setting a content takes such headers away
        return mail

    def as_bytes(self) -> bytes:
        """The mail as it is sent, and as it stands in an .eml file."""
        return self.composed().as_bytes()


def one_line(text: str) -> str:
    r"""Text that may stand in a header: one line, without what nobody sees.

    >>> one_line("a\r\nBcc: b\u202ec")
    'a Bcc: bc'
    """
    shown = "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in _UNSEEN)
    return " ".join(shown.split())


def _address(address: str, name: str | None) -> Address:
    local, _, domain = (on_the_wire(address) or address).rpartition("@")
    return Address(one_line(name or "")[:_NAME], local, domain)
