"""Connectors: the only room that opens a connection to a source or a target, or reads a source's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from connectors.outgoing import Outlet
    from connectors.protocol import Connector

KINDS = ("tables", "sql", "workbook")


def connect(
    name: str,
    settings: Any,  # noqa: ANN401 - one of a discriminated union, told apart by `kind`
    *,
    zone: ZoneInfo,
    secrets: Callable[[Any], str],
) -> Connector:
    """Make the connector of one source; it touches nothing outside before it is asked to.

    Args:
        name: the source's name in the settings.
        settings: its section, with `kind` and what that kind knows.
        zone: the company's zone, in which naive times are meant.
        secrets: turns a secret of the settings into its text.

    Raises:
        SettingsError: `unknown_kind`.
    """
    # Each kind brings heavy libraries, so only the one that is asked for is imported.
    match settings.kind:
        case "tables":
            from connectors.tables import TablesConnector  # noqa: PLC0415

            return TablesConnector(name, settings)
        case "sql":
            from connectors.sql import SqlConnector  # noqa: PLC0415

            return SqlConnector(name, settings, secrets=secrets)
        case "workbook":
            from connectors.workbook import WorkbookConnector  # noqa: PLC0415

            return WorkbookConnector(name, settings, zone=zone)
        case kind:
            raise SettingsError("unknown_kind", source=name, kind=kind, known=list(KINDS))


def outlet(
    name: str,
    settings: Any,  # noqa: ANN401 - one of a discriminated union, told apart by `kind`
    *,
    secrets: Callable[[Any], str],
) -> Outlet:
    """Make the outlet of one target; it touches nothing outside before it is asked to.

    Args:
        name: the target's name in the settings.
        settings: its section, with `kind` and what that kind knows.
        secrets: turns a secret of the settings into its text.

    Raises:
        SettingsError: `unknown_kind`.
    """
    match settings.kind:
        case "folder":
            from connectors.folder import FolderOutlet  # noqa: PLC0415

            return FolderOutlet(name, settings)
        case "sql":
            from connectors.sql.target import SqlOutlet  # noqa: PLC0415

            return SqlOutlet(name, settings, secrets=secrets)
        case kind:
            raise SettingsError("unknown_target_kind", target=name, kind=kind, known=["folder", "sql"])
