"""What no single value can say: names that must fit together, over the file as it was read.

The checks read the raw content and not the model, so that they speak also where other values are
wrong, and a person sees all problems at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from okr.errors import SettingsError
from okr.settings.names import full_key, nearest, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# The canonical tables; `schemas` has them in full and stands above this package (a test compares).
TABLES = (
    "org_units",
    "people",
    "periods",
    "objectives",
    "key_results",
    "alignments",
    "handshakes",
    "dependencies",
    "meetings",
)
LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1|\[::1\]")
FORBIDDEN_IN_IDS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff;|]|->")
LEDGERS = re.compile(r"(sqlite|postgresql)(\+psycopg|\+pysqlite)?://")
RULE = re.compile(r"[A-Z]{2}\d{3}")

Data = dict[str, Any]


def checks(data: Data, file: str, rule_codes: Collection[str] | None) -> Iterator[SettingsError]:
    """All problems of names and of values that must fit together."""
    yield from _names(data, file)
    yield from _rules(data, file, rule_codes)
    yield from _fields(data, file)
    yield from _tables(data, file)
    yield from _mail(data, file)
    url = section(data, "ledger").get("url")
    if isinstance(url, str) and "://" in url and not LEDGERS.match(url):
        yield SettingsError("setting_not_ledger_url", file=file, key="ledger.url")


def section(data: Data, name: str) -> Data:
    """A section of the file, or nothing where what stands there is none."""
    value = data.get(name)
    return cast("Data", value) if isinstance(value, dict) else {}


def _names(data: Data, file: str) -> Iterator[SettingsError]:
    for part in ("sources", "meetings", "targets"):
        for name in section(data, part):
            if not name.strip() or name != name.strip() or len(name) > 200:
                yield SettingsError("setting_name_empty", file=file, key=full_key([part, name]))
            elif FORBIDDEN_IN_IDS.search(name):
                yield SettingsError("setting_name_forbidden", file=file, key=full_key([part, name]))
    if "mail" in section(data, "targets"):
        yield SettingsError("setting_name_taken", file=file, key="targets.mail")


def _rules(data: Data, file: str, rule_codes: Collection[str] | None) -> Iterator[SettingsError]:
    for code in section(data, "rules"):
        key = full_key(["rules", code])
        if rule_codes is not None and code not in rule_codes:
            near = nearest(code, sorted(rule_codes))
            yield SettingsError("setting_rule_unknown", file=file, key=key, nearest=near)
        elif not RULE.fullmatch(code):
            yield SettingsError("setting_rule_shape", file=file, key=key)


def _fields(data: Data, file: str) -> Iterator[SettingsError]:
    sources = section(data, "sources")
    for field, names in section(data, "fields").items():
        for place, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name not in sources:
                yield SettingsError(
                    "setting_source_unknown",
                    file=file,
                    key=full_key(["fields", field, place]),
                    value=quoted(name),
                    nearest=nearest(name, sources),
                )


def _tables(data: Data, file: str) -> Iterator[SettingsError]:
    for name, source in section(data, "sources").items():
        if not isinstance(source, dict) or source.get("kind") != "sql":
            continue
        for table in section(source, "tables"):
            if table not in TABLES:
                known = [full_key(["sources", name, "tables", one]) for one in TABLES]
                key = full_key(["sources", name, "tables", table])
                near = nearest(key, known)
                yield SettingsError("setting_unknown", file=file, key=key, nearest=near)


def _mail(data: Data, file: str) -> Iterator[SettingsError]:
    mail = section(data, "mail")
    if mail.get("enabled") is True:
        for name in ("host", "sender"):
            if name not in mail:
                yield SettingsError("setting_mail_needs", file=file, key=f"mail.{name}")
        if "user" in mail and "password" not in mail:
            yield SettingsError("setting_mail_needs", file=file, key="mail.password")
    host = str(mail.get("host", ""))
    if mail.get("security") == "none" and "user" in mail and not LOOPBACK.fullmatch(host):
        yield SettingsError("setting_mail_in_clear", file=file, key="mail.security")
    if "password" in mail and "user" not in mail:
        yield SettingsError("setting_mail_needs_user", file=file, key="mail.user")
