"""The settings of one enterprise: `okr.toml`, its secrets, and what time it is."""

from __future__ import annotations

from okr.settings.clock import now, set_by_hand
from okr.settings.identities import Mapped, read_mapping
from okr.settings.model import (
    EngineSettings,
    MeetingSettings,
    RuleSettings,
    Settings,
    SourceSettings,
    SqlSource,
    TablesSource,
    TargetSettings,
    WorkbookSource,
)
from okr.settings.reading import load, parse, secrets
from okr.settings.required import require_secrets
from okr.settings.secret import Block, Secret, resolve
from okr.settings.writing import Answers, MeetingAnswer, SourceAnswer, write_settings

__all__ = [
    "Answers",
    "Block",
    "EngineSettings",
    "Mapped",
    "MeetingAnswer",
    "MeetingSettings",
    "RuleSettings",
    "Secret",
    "Settings",
    "SourceAnswer",
    "SourceSettings",
    "SqlSource",
    "TablesSource",
    "TargetSettings",
    "WorkbookSource",
    "load",
    "now",
    "parse",
    "read_mapping",
    "require_secrets",
    "resolve",
    "secrets",
    "set_by_hand",
    "write_settings",
]
