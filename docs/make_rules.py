# ruff: noqa: INP001 - docs are no package
"""Writes docs/rules.md out of the headers of the rules, so that the page can never say otherwise.

python docs/make_rules.py            writes it
python docs/make_rules.py --check    ends with 1 where it is behind
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

sys.path.insert(0, str(Path(__file__).parent.parent))  # also where the program is not installed

from okr.reconcile.rulebook import Rule, rules
from okr.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_name("rules.md")

FAMILIES = {
    "AL": ("Alignment", "纵向承接"),
    "HS": ("Handshakes", "横向握手"),
    "OV": ("Overlap", "交叉重叠"),
    "OW": ("Owners", "责任人"),
    "QL": ("Quality", "写法"),
    "SY": ("Sources", "数据来源"),
}

HEAD = """\
# The rules · 规则

<!-- Written by docs/make_rules.py out of the rules' headers and the texts cli.meaning: change those. -->

Each gap is one finding of one rule. Severity and limits may be set in `okr.toml`
(`[rules.AL104]`, `severity = "minor"`, `enabled = false`, `limit = 5`); `okr explain AL101` tells
the same at the command line.

每个缺口都是一条规则的一次发现。严重程度和上限可以在 `okr.toml` 里改；
`okr explain AL101` 在命令行里说的是同样的话。
"""

LABELS = {
    "en": ("What it finds", "What it says", "Why it matters", "What closes it"),
    "zh": ("找出什么", "怎么说", "为什么重要", "怎样算处理好"),
}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_families()])


def _families() -> Iterator[str]:
    for family, members in groupby(rules().values(), key=lambda rule: rule.code[:2]):
        english, chinese = FAMILIES[family]
        yield f"## {english} · {chinese}\n"
        for rule in members:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code} {rule.name}\n"
    limit = "" if rule.limit is None else f" · limit `{rule.limit:g}`"
    yield f"`{rule.severity}` · {rule.subject}{limit}\n"
    yield from _told(rule, "en")
    yield from _told(rule, "zh")


def _told(rule: Rule, language: Literal["zh", "en"]) -> Iterator[str]:
    """One language's words; a message of several cases has a line for each."""
    finds, says, why, closes = LABELS[language]
    colon = "：" if language == "zh" else ": "
    yield f"**{rule.title(language)}**\n"
    yield f"- {finds}{colon}{text(f'cli.meaning.{rule.code}', language)}"
    for message in rule.messages(language).values():
        yield f"- {says}{colon}{message.strip()}"
    yield f"- {why}{colon}{rule.why(language)}"
    yield f"- {closes}{colon}{rule.closes(language)}\n"


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is up to date."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/rules.md is behind the rules: python docs/make_rules.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
