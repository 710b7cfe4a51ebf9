"""Logging in to a mail server. smtplib's own login takes no password with other letters than ASCII's."""

from __future__ import annotations

import base64
import smtplib


def log_in(smtp: smtplib.SMTP, user: str, password: str) -> bool:
    """Log in with the first way that the server offers and we know; False: it offers none.

    Of PLAIN and LOGIN (both in UTF-8) and CRAM-MD5 in this order: the way is encrypted, so the simplest is best.

    Raises:
        SMTPAuthenticationError: the server refuses.
        SMTPServerDisconnected: it has closed the connection.
    """
    offered = str(smtp.esmtp_features.get("auth", "")).upper().replace("=", " ").split()
    if "PLAIN" in offered:
        answer = smtp.docmd("AUTH", "PLAIN " + _coded(f"\0{user}\0{password}"))
    elif "LOGIN" in offered:
        answer = smtp.docmd("AUTH", "LOGIN")
        for told in (user, password):
            answer = smtp.docmd(_coded(told)) if answer[0] == 334 else answer
    elif "CRAM-MD5" in offered:
        smtp.user, smtp.password = user, password
        answer = smtp.auth("CRAM-MD5", smtp.auth_cram_md5)
    else:
        return False
    if answer[0] == 503:  # it knows us already
        return True
    if answer[0] != 235:
        raise smtplib.SMTPAuthenticationError(*answer)
    return True


def secrets_of(user: str, password: str) -> list[str]:
    """The forms in which a password goes over the wire, so that no message repeats one."""
    return [_coded(f"\0{user}\0{password}"), _coded(password), password]


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
