"""Bytes of a text file, whatever program wrote them, as UTF-8."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from okr.errors import SourceError

_CHUNK = 1 << 20
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Text(NamedTuple):
    """A text as UTF-8 without byte order mark, and the encoding it was written in."""

    utf8: bytes
    encoding: str


def to_utf8(data: bytes, file: str) -> Text:
    """Find out how a text is encoded: a byte order mark says it, else UTF-8, else GB18030.

    Args:
        data: the whole file.
        file: its name, for errors.

    Raises:
        SourceError: `file_empty`, `file_is_a_workbook`, `file_not_text`, `file_wrong_encoding`
            (with the row where UTF-8 ends).
    """
    if len(data) < _CHUNK and not data.strip(codecs.BOM_UTF8 + b" \t\r\n"):
        raise SourceError("file_empty", file=file)
    if data.startswith((_ZIP, _OLE)):
        raise SourceError("file_is_a_workbook", file=file)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Text(_transcoded(data, "utf-16", file), "utf-16")
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in data[:4096] and (wide := _without_mark(data)) is not None:
        return Text(wide, "utf-16")
    if b"\0" in data[:4096]:
        raise SourceError("file_not_text", file=file)
    wrong = first_wrong(data)
    if wrong is None:
        return Text(data, "utf-8")
    if _damaged_utf8(data):
        raise SourceError("file_wrong_encoding", file=file, row=data.count(b"\n", 0, wrong) + 1)
    return Text(_transcoded(data, "gb18030", file, wrong), "gb18030")


def _without_mark(data: bytes) -> bytes | None:
    """Return UTF-16 that bears no byte order mark as UTF-8; None where it is none: lines of plain text tell."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        head = text[:4096]
        plain = all(c in "\t\r\n" or (c.isprintable() and c != "\ufffe") or c.isspace() for c in head)
        if plain and any(sign in head for sign in ",;\t\n"):
            return text.encode("utf-8")
    return None


def first_wrong(data: bytes) -> int | None:
    """Position of the first byte that is no UTF-8, or None; goes in chunks to spare memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, max(len(data), 1), _CHUNK):
        chunk = view[start : start + _CHUNK]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return None


def _damaged_utf8(data: bytes) -> bool:
    """Whether this is UTF-8 with some bytes broken rather than text of another encoding.

    GB18030 would make other words of it without an error, so the guess errs to refusing: text of
    another encoding has hardly a place that reads as UTF-8 beyond ASCII.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    # What is neither ASCII nor broken was read as UTF-8 of two bytes or more.
    beyond = sum(1 for c in text if c > "\x7f") - broken
    return beyond > broken


def _transcoded(data: bytes, encoding: str, file: str, wrong: int | None = None) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start if wrong is None else wrong
        row = data.count(b"\n", 0, at) + 1
        raise SourceError("file_wrong_encoding", file=file, row=row) from None
