"""Mails as text and as HTML. What they say comes in here as values; nothing of it is taken for markup."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from okr.texts import text as sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

    from okr.reconcile.rulebook import Language

MARK = "<!-- rehearsal -->"
"""Where a rehearsal says for whom the mail would have been."""

BANNER = "margin:0 0 12px;padding:10px 14px;border-radius:8px;background:#fff3cd;color:#664d03;font-size:14px;"


@dataclass(frozen=True)
class Item:
    """One thing to do. `severity` gives the colour, `pill` its word; `small` stands below in small print."""

    severity: str
    pill: str
    title: str
    text: str
    small: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True)
class Part:
    """A mail, or of a mail in both languages one of the two.

    Attributes:
        language: in which it is written.
        about: what it is about, above the heading.
        when: and when that is, or None.
        heading: the one thing to know.
        lead: a sentence or two.
        score: a figure from 0 to 100 that is shown large, or None.
        figures: labels and values.
        items: what to do, most urgent first.
        notes: sentences behind them.
        button: words and where they lead, or None.
        foot: sentences in small print.
    """

    language: Language
    about: str
    when: str | None
    heading: str
    lead: str
    score: int | None = None
    figures: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()
    button: tuple[str, str] | None = None
    foot: tuple[str, ...] = ()


def rendered(parts: Sequence[Part]) -> tuple[str, str]:
    """A mail as text and as HTML."""
    text = _template("mail.txt").render(parts=parts)
    return text.strip("\n") + "\n", _template("mail.html").render(parts=parts)


def with_banner(text: str, html: str, banner: str) -> tuple[str, str]:
    """A mail with a line above that says that it is a rehearsal, and for whom it would have been."""
    block = f'<p style="{BANNER}">{escape(banner)}</p>'
    return f"{banner}\n\n{text}", html.replace(MARK, block, 1)


def link(url: str | None) -> str | None:
    """An address that may be shown as a link: http or https only."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in {"http", "https"} and parts.hostname else None


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("okr.publish.digest"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = sentence
    return environment.get_template(name)
