"""What a database's error means to somebody who writes into it, as one of our codes."""

from __future__ import annotations

from connectors.sql.faults import Fault, cause_of, fitting, said, without
from okr.errors import RunError

FAULTS = (
    Fault("target_login_refused", ("28",), (1045, 1698), "password authentication failed|no password"),
    Fault("target_no_database", ("3D",), (1049,), r'database ".*" does not exist'),
    Fault("target_locked", ("55P03",), (1205, 1099, 1100), "database is locked|table is locked"),
    Fault("target_timeout", ("57014",), (1969, 3024, 1317), "^interrupted|canceling statement"),
    Fault(
        "target_disk_full",
        ("53100",),
        (1021, 1114, 1030),
        "database or disk is full|no space left",
    ),
    Fault(
        "target_connection_lost",
        ("08", "57P"),
        (2006, 2013, 2055, 1053, 1927),
        "connection (is |was |already )?closed|server closed|connection (not open|is lost|reset)"
        "|lost connection|consuming input failed|EOF detected|can't reconnect",
    ),
    Fault("target_depended_on", ("2BP01",)),
    Fault(
        "target_no_right",
        ("42501", "25006", "3F000"),
        (1044, 1142, 1143, 1227, 1290, 1370),
        "permission denied|readonly database|no schema has been selected",
    ),
    Fault("target_not_a_database", words="file is not a database|malformed|disk image"),
    Fault(
        "target_unreachable",
        numbers=(2002, 2003, 2005),
        words="could not (connect|translate)|refused|unable to open|timeout expired|timed out"
        "|resolve host|unreachable|connection failed",
    ),
)


def target_fault(error: BaseException, password: str | None, target: str) -> RunError:
    """Say what a database's error means.

    Args:
        error: what SQLAlchemy or a driver raised.
        password: never to be seen in a message.
        target: the target's name in the settings.
    """
    cause = cause_of(error)
    code = fitting(FAULTS, cause) or "target_failed"
    return RunError(code, target=target, reason=without(said(cause), password))
