"""How wide text is on a terminal, where a Chinese character takes two columns."""

from __future__ import annotations

import re
import unicodedata

# A piece that is not to be torn apart: a space, a word with what clings to it, a wide character.
_CLOSING = "，。、；：！？）」』》”’…"
_PIECE = re.compile(rf"\s+|[\x21-\u2fff]+[{_CLOSING}]*|.[{_CLOSING}]*")


def width(text: str) -> int:
    """Columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """A text with spaces behind it up to so many columns."""
    return text + " " * max(0, columns - width(text))


def wrapped(text: str, columns: int) -> list[str]:
    """The lines of a text, each at most so many columns wide where that can be."""
    return [line for paragraph in text.split("\n") for line in _wrapped(paragraph, columns)]


def _wrapped(paragraph: str, columns: int) -> list[str]:
    indent = re.match(r" *", paragraph)[0]  # type: ignore[index]
    lines, line = [], indent
    for piece in _PIECE.findall(paragraph[len(indent) :]):
        if width(line) + width(piece.rstrip()) > columns and line.strip():
            lines.append(line.rstrip())
            line = indent
            if piece.isspace():
                continue
        line += piece
    return [*lines, line.rstrip()]
