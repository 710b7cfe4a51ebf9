"""The settings of one enterprise: `okr.toml`, its secrets, and what time it is."""

from __future__ import annotations

from okr.settings.clock import now, set_by_hand
from okr.settings.model import (
    MeetingSettings,
    RuleSettings,
    Settings,
    SourceSettings,
    SqlSource,
    TablesSource,
    WorkbookSource,
)
from okr.settings.reading import load, parse, secrets
from okr.settings.secret import Block, Secret, resolve

__all__ = [
    "Block",
    "MeetingSettings",
    "RuleSettings",
    "Secret",
    "Settings",
    "SourceSettings",
    "SqlSource",
    "TablesSource",
    "WorkbookSource",
    "load",
    "now",
    "parse",
    "resolve",
    "secrets",
    "set_by_hand",
]
