"""SMTP: mails out, many over one connection, each handed over at most once."""

from __future__ import annotations

from connectors.smtp.addresses import usable
from connectors.smtp.letter import Letter, one_line
from connectors.smtp.post import Handed, Post, check

__all__ = ["Handed", "Letter", "Post", "check", "one_line", "usable"]
