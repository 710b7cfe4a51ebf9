"""The language that this call of the command line speaks, and how it says things."""

from __future__ import annotations

import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from okr import texts
from okr.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from okr.errors import OkrError
    from okr.texts import Language

_language: Language = "en"


def speak(lang: Language) -> None:
    """Set the language of this call."""
    global _language  # noqa: PLW0603 - a process of the command line speaks one language
    _language = lang


def spoken() -> Language:
    """The language of this call."""
    return _language


def say(code: str, /, **values: object) -> str:
    """The sentence of a code in the language of this call."""
    return texts.text(code, _language, **values)


def sayable(code: str) -> bool:
    """Whether there is a sentence for a code."""
    return texts.known(code, _language)


def peeked(file: str) -> str | None:
    """The language that a settings file asks for, if it can be told at a glance."""
    try:
        return str(tomllib.loads(Path(file).read_text(encoding="utf-8-sig")).get("language", ""))
    except (OSError, ValueError, RecursionError):
        return None  # what is wrong with it is told by whoever needs it


@contextmanager
def putting_out() -> Iterator[None]:
    """Around what writes the result: a full disk is told as such, a reader who left is not.

    Raises:
        BrokenPipeError: nobody reads any more.
        RunError: `output_failed`.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RunError("output_failed", reason=error.strerror) from error


def complain(error: OkrError) -> None:
    """Write the sentences of an error to standard error."""
    first, *more = texts.told(error, _language)
    tell("\n".join([first, *(f"  {line}" for line in more)]))


def tell(line: str) -> None:
    """Write a message to standard error. Nobody listening is no reason to fail."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
