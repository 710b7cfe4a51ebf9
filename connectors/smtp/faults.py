"""What a mail server's failures mean, in our codes."""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING

from okr.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST = 160


def understood(error: Exception, host: str, port: int, secrets: Collection[str] = ()) -> RunError:
    """A failure to reach a server or to be let in, as an error of ours."""
    where = {"host": host, "port": port}
    reason = reply(error, secrets)
    match error:
        case ssl.SSLCertVerificationError():
            return RunError("mail_certificate", **where, reason=error.verify_message)
        case ssl.SSLError():
            return RunError("mail_no_tls", **where, reason=reason)
        case smtplib.SMTPAuthenticationError():
            return RunError("mail_login_refused", **where, reason=reason)
        case smtplib.SMTPResponseException():
            return RunError("mail_not_taken", **where, reason=reason)
        case _:
            return RunError("mail_unreachable", **where, reason=reason)


def reply(error: Exception | tuple[int, bytes], secrets: Collection[str] = ()) -> str:
    """The first line of what the other side says, without secrets that it might repeat."""
    if isinstance(error, smtplib.SMTPResponseException):
        error = (error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b"")
    if isinstance(error, tuple):
        code, said = error
        told = f"{code} {said.decode('utf-8', 'replace')}"
    else:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = (told.strip().splitlines() or [""])[0]
    for secret in secrets:
        line = line.replace(secret, "…") if secret else line
    return line[:_LONGEST].strip()
