"""`okr explain`: what a rule means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.cli import rooms, tables
from okr.cli.options import Common
from okr.cli.speech import say, sayable, spoken
from okr.cli.start import nearest
from okr.cli.tables import Field
from okr.cli.width import wrapped
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from okr.reconcile.rulebook import Rule
    from okr.settings import RuleSettings


def explain(
    code: str | None = None,
    /,
    *,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Say what a rule means, why it matters and what closes it; without a code list all rules."""
    rules = rooms.rules()
    if code is None:
        _list(rules)
        return 0
    rule = _rule(code, rules)
    own = _own(common.config, rule.code)
    lang = spoken()
    severity = own.severity if own and own.severity else rule.severity
    heading = say("cli.explain.heading", code=rule.code, title=rule.title(lang), name=rule.name)
    parts = [
        ("meaning", meaning(rule)),
        ("why", rule.why(lang)),
        ("closes", rule.closes(lang)),
        ("severity", say(f"severity.{severity}")),
    ]
    limit = own.limit if own and own.limit is not None else rule.limit
    if limit is not None:
        parts.append(("limit", f"{limit:g}"))
    tables.line(heading)
    for name, told in parts:
        tables.line()
        tables.line(say(f"cli.explain.{name}"))
        for line in wrapped(told, tables.WIDTH - 2):
            tables.line(f"  {line}")
    if own and own.enabled is False:
        tables.line()
        tables.line(say("cli.explain.off", code=rule.code))
    return 0


def meaning(rule: Rule) -> str:
    """What the rule finds; where nobody has said it, its message's pattern does."""
    code = f"cli.meaning.{rule.code}"
    if sayable(code):
        return say(code)
    return "\n".join(rule.messages(spoken()).values())


def _rule(code: str, rules: Mapping[str, Rule]) -> Rule:
    """The rule of a code, or of a name such as dropped-ball."""
    wish = code.strip()
    for rule in rules.values():
        if wish.upper() == rule.code or wish.lower() == rule.name:
            return rule
    by_name = {rule.name: rule.code for rule in rules.values()}
    near = nearest(wish.upper(), list(rules))
    if not any(char.isdigit() for char in wish):
        near = by_name.get(nearest(wish.lower(), list(by_name)) or "", near)
    raise CallError("unknown_code", code=code, nearest=near)


def _own(file: Path | None, code: str) -> RuleSettings | None:
    """What the settings say of the rule. The rule can be read without any settings."""
    try:
        return rooms.settings(file).rules.get(code)
    except CallError:
        if file is not None:
            raise
        return None


def _list(rules: Mapping[str, Rule]) -> None:
    lang = spoken()
    rows = [
        {
            "code": r.code,
            "name": r.name,
            "severity": r.severity,
            "title": r.title(lang),
            "closes": r.closes(lang),
        }
        for r in rules.values()
    ]
    fields = (
        Field("code", tables.plain("code")),
        Field(
            "severity",
            lambda row: say(f"severity.{row['severity']}"),
            style=tables.severity_style,
        ),
        Field("title", tables.plain("title"), ratio=3),
        Field("closes", tables.plain("closes"), ratio=6),
    )
    tables.show(rows, fields)
    tables.remark(say("cli.explain.more"))
