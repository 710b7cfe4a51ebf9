"""Names of files: nobody's id or name is a path."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from connectors.naming import safe_name


@given(st.text())
def test_a_name_is_never_a_path(text):
    name = safe_name(text)
    assert re.fullmatch(r"([\w-]{0,40}-)?[0-9a-f]{8}", name) or all(c.isalnum() or c in "-_" for c in name)
    assert len(name) <= 49
    assert "/" not in name
    assert "." not in name


def test_names_that_look_alike_share_no_file():
    assert safe_name("a/b") != safe_name("ab")
    assert safe_name("Ab").lower() != safe_name("ab").lower()
    assert safe_name("市场部").startswith("市场部-")
