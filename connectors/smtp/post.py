"""A connection to a mail server, for many mails. Of each it is known what became of it.

A mail is handed over by its last line: from the moment that its content begins to go out until the server has
answered, nobody can know whether it was taken. If the connection breaks there, that is `uncertain`, and whoever
sent it must not send it again by itself.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from connectors.protocol import CheckLine
from connectors.smtp.addresses import on_the_wire
from connectors.smtp.faults import reply, understood
from connectors.smtp.login import log_in, secrets_of
from okr.errors import OkrError, RunError
from okr.settings.checks import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from connectors.smtp.letter import Letter

TIMEOUT = 60.0
"""Seconds to wait for a server's answer; a scanner of attachments takes its time."""

REACHING = 15.0
"""Seconds to wait for a server to be reached."""

TOO_LARGE = 552


@dataclass(frozen=True)
class Handed:
    """What became of one mail.

    Attributes:
        state: `sent`: the server has taken it. `refused`: it will not. `deferred`: not now. `uncertain`: the
            connection was lost before it said.
        code: a text `mail.why.<code>`.
        reason: the server's own words.
    """

    state: Literal["sent", "refused", "deferred", "uncertain"]
    code: str
    reason: str = ""


class Post:
    """A connection to the mail server of the settings; a context manager.

    Args:
        settings: `[mail]`, with `host`, `port`, `security`, `user`.
        password: gives the password, if there is a user; called as the connection opens.

    Raises:
        SettingsError: on opening: the password is missing.
        RunError: on opening: `mail_unreachable`, `mail_certificate`, `mail_no_tls`, `mail_no_login`,
            `mail_login_refused`, `mail_not_taken`.
    """

    def __init__(self, settings: Any, password: Callable[[], str]) -> None:  # noqa: ANN401 - a section
        self._settings = settings
        self._password = password
        self._secrets: list[str] = []
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self._drop()

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way can read along."""
        return self._smtp is not None and isinstance(self._smtp.sock, ssl.SSLSocket)

    def send(self, letter: Letter, before_content: Callable[[], None] = lambda: None) -> Handed:
        """Hand over one mail. A connection that was lost before its content is opened once again.

        Args:
            letter: the mail.
            before_content: called when the server has taken the address and waits for the content.

        Raises:
            RunError: nothing more can be sent: `mail_unreachable` and the like, or `mail_sender_refused`. This mail
                was not handed over.
        """
        try:
            content = letter.as_bytes()
        except OSError as error:
            return Handed("refused", "attachment_gone", f"{error.filename}: {error.strerror}")
        fresh = self._smtp is None
        try:
            announced = self._announce(letter, len(content))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()
            if fresh:
                raise self._understood(error) from None
            return self.send(letter, before_content)
        if announced is not None:
            self._reset()
            return announced
        before_content()
        return self._content(content)

    def _open(self) -> None:
        secure = self._settings.security
        where = (self._settings.host, self._settings.port)
        name = socket.gethostname() or "localhost"
        try:
            if secure == "tls":
                context = ssl.create_default_context()
                self._smtp = smtplib.SMTP_SSL(*where, local_hostname=name, timeout=REACHING, context=context)
            else:
                self._smtp = smtplib.SMTP(*where, local_hostname=name, timeout=REACHING)
            if self._smtp.sock is not None:
                self._smtp.sock.settimeout(TIMEOUT)
            self._smtp.ehlo_or_helo_if_needed()
            if secure == "starttls":
                self._upgrade(self._smtp)
            if self._settings.user is not None:
                self._login(self._smtp)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise self._understood(error) from None
        except OkrError:
            self._drop()
            raise

    def _upgrade(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            where = {"host": self._settings.host, "port": self._settings.port}
            raise RunError("mail_no_starttls", **where)
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()

    def _login(self, smtp: smtplib.SMTP) -> None:
        where = {"host": self._settings.host, "port": self._settings.port}
        if not self.encrypted and not LOOPBACK.fullmatch(self._settings.host):
            raise RunError("mail_login_in_clear", **where)
        user, password = self._settings.user, self._password()
        self._secrets = secrets_of(user, password)
        if not log_in(smtp, user, password):
            raise RunError("mail_no_login", **where)

    def _announce(self, letter: Letter, size: int) -> Handed | None:
        """Say who it is from, for whom, and that the content comes; None where the server waits for it."""
        if self._smtp is None:
            self._open()
        smtp = self._smtp
        if smtp is None:
            raise smtplib.SMTPServerDisconnected
        options = [f"SIZE={size}"] if smtp.has_extn("size") else []
        if not letter.plain:
            if not smtp.has_extn("smtputf8"):
                return Handed("refused", "letters")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        answer = _answer(smtp.mail(on_the_wire(letter.sender) or letter.sender, options))
        if answer[0] == TOO_LARGE:
            return Handed("refused", "too_large", self._reply(answer))
        if answer[0] >= 500:
            raise RunError("mail_sender_refused", sender=letter.sender, reason=self._reply(answer))
        if answer[0] >= 400:
            return Handed("deferred", "busy", self._reply(answer))
        answer = _answer(smtp.rcpt(on_the_wire(letter.to) or letter.to))
        if answer[0] >= 400:
            return self._no(answer, "recipient")
        answer = _answer(smtp.docmd("DATA"))
        return None if answer[0] == 354 else self._no(answer, "content")

    def _content(self, content: bytes) -> Handed:
        smtp = self._smtp
        stuffed = re.sub(rb"(?m)^\.", b"..", content)
        try:
            if smtp is None:
                raise smtplib.SMTPServerDisconnected
            smtp.send(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"))
            answer = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Handed("uncertain", "lost", reply(error, self._secrets))
        if answer[0] == 421:
            self._drop()
        return Handed("sent", "taken", self._reply(answer)) if answer[0] < 400 else self._no(answer, "content")

    def _no(self, answer: tuple[int, bytes], what: str) -> Handed:
        return Handed("refused" if answer[0] >= 500 else "deferred", what, self._reply(answer))

    def _reset(self) -> None:
        try:
            if self._smtp is not None:
                _answer(self._smtp.rset())
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _understood(self, error: Exception) -> RunError:
        return understood(error, self._settings.host, self._settings.port, self._secrets)

    def _reply(self, answer: tuple[int, bytes]) -> str:
        return reply(answer, self._secrets)


def check(settings: Any, password: Callable[[], str]) -> Iterator[CheckLine]:  # noqa: ANN401 - a section
    """Say whether the server can be reached, whether the way is encrypted, and whether it lets us in."""
    try:
        with Post(settings, password) as post:
            where = {"host": settings.host, "port": settings.port}
            yield CheckLine(ok=True, code="check_mail_tls" if post.encrypted else "check_mail_clear", values=where)
            if settings.user is not None:
                yield CheckLine(ok=True, code="check_mail_login", values={"user": settings.user})
    except OkrError as error:
        yield CheckLine(ok=False, code=error.code, values=error.values)


def _answer(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    """A server that says 421 closes the connection: that is a loss, whatever it was asked."""
    if answer[0] == 421 or answer[0] < 0:
        raise smtplib.SMTPServerDisconnected(f"{answer[0]} {answer[1].decode('utf-8', 'replace')}")
    return answer
