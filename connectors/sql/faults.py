"""What a database's error means, as one of our codes; no secret ever gets into one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, quote_plus

from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(NamedTuple):
    """One meaning, and how the databases say it.

    Attributes:
        code: ours.
        states: SQLSTATEs (PostgreSQL), whole or by their class of two characters.
        numbers: error numbers (MariaDB, MySQL).
        words: what stands in the text of the others' errors, or where there is no number.
    """

    code: str
    states: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    words: str = "(?!)"


# The first that fits is meant, so what is said more exactly stands first.
FAULTS = (
    Fault("sql_login_refused", ("28",), (1045, 1698), "password authentication failed|no password"),
    Fault("sql_no_database", ("3D",), (1049,), r'database ".*" does not exist'),
    Fault("sql_locked", ("55P03",), (1205, 1099, 1100), "database is locked|table is locked"),
    Fault("sql_timeout", ("57014",), (1969, 3024, 1317), "^interrupted|canceling statement"),
    Fault(
        "sql_connection_lost",
        ("08", "57P"),
        (2006, 2013, 2055, 1053, 1927),
        "connection (is |was |already )?closed|server closed|connection (not open|is lost|reset)"
        "|lost connection|consuming input failed|EOF detected|can't reconnect",
    ),
    Fault("sql_no_table", ("42P01", "3F000"), (1146, 1051), "no such table"),
    Fault("sql_no_column", ("42703",), (1054,), "no such column"),
    Fault("sql_no_right", ("42501",), (1044, 1142, 1143, 1227, 1370), "permission denied"),
    Fault(
        "sql_would_write",
        ("25006",),
        (1792, 1290),
        "readonly database|read-only transaction|not authorized",
    ),
    Fault("sql_syntax", ("42601",), (1064,), "syntax error|incomplete input"),
    Fault("sql_not_a_database", words="file is not a database|malformed|disk image"),
    Fault(
        "sql_unreachable",
        numbers=(2002, 2003, 2005),
        words="could not (connect|translate)|refused|unable to open|timeout expired|timed out"
        "|resolve host|unreachable|connection failed",
    ),
)


def understood(error: BaseException, password: str | None, **values: object) -> SourceError:
    """Say what a database's error means.

    Args:
        error: what SQLAlchemy or a driver raised.
        password: never to be seen in a message.
        values: what the message names besides, such as the table.

    Returns:
        An error with one of our codes, else `sql_failed`; `reason` is what the database said.
    """
    cause = cause_of(error)
    code = fitting(FAULTS, cause) or "sql_failed"
    return SourceError(code, **values, reason=without(said(cause), password))


def cause_of(error: BaseException) -> BaseException:
    """The driver's own error behind SQLAlchemy's."""
    return getattr(error, "orig", None) or error


def fitting(faults: Iterable[Fault], cause: BaseException) -> str | None:
    """The code of the first meaning that fits what a driver raised."""
    told = said(cause)
    return next((fault.code for fault in faults if _fits(fault, cause, told)), None)


def _fits(fault: Fault, cause: BaseException, told: str) -> bool:
    number = cause.args[0] if cause.args else None
    if isinstance(number, int) and number:
        return number in fault.numbers
    state = getattr(cause, "sqlstate", None)
    if state:
        return state.startswith(fault.states) if fault.states else False
    return re.search(fault.words, told, re.IGNORECASE) is not None


def said(cause: BaseException) -> str:
    """The first line of what the database said: what follows quotes our statement."""
    diagnosis = getattr(getattr(cause, "diag", None), "message_primary", None)
    text = diagnosis or str(cause.args[-1] if cause.args else cause)
    return next(iter(text.strip().splitlines()), type(cause).__name__)[:200]


def without(text: str, password: str | None) -> str:
    """Put stars for a password, however it is written."""
    for form in {password, quote(password), quote_plus(password)} if password else ():
        text = text.replace(form, "***")
    return text
