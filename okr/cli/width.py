"""How wide text is on a terminal, where a Chinese character takes two columns."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A piece that is not to be torn apart: a space, a word with what clings to it, a wide character.
_CLOSING = "，。、；：！？）」』》”’…"
_PIECE = re.compile(rf"\s+|[\x21-\u2fff]+[{_CLOSING}]*|.[{_CLOSING}?!,.;:)]*")


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
    indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
    lines: list[str] = []
    line = indent
    for piece in _pieces(paragraph[len(indent) :], columns - len(indent)):
        if width(line) + width(piece.rstrip()) > columns and line.strip():
            lines.append(line.rstrip())
            line = indent
        if line.strip() or not piece.isspace():
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, columns: int) -> Iterator[str]:
    """What may stand on different lines. What is wider than a line is torn apart."""
    for piece in _PIECE.findall(text):
        rest = piece
        while width(rest) > max(columns, 2) and not rest.isspace():
            end = _fitting(rest, columns)
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _fitting(text: str, columns: int) -> int:
    """How many characters fit, one at least; a break behind a sign reads best."""
    end = 1
    while end < len(text) and width(text[: end + 1]) <= columns:
        end += 1
    signs = [at + 1 for at, char in enumerate(text[:end]) if char in "-_/.:!;,"]
    return signs[-1] if signs and signs[-1] > end // 2 else end
