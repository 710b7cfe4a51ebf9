"""Who sees what on the pages."""

from __future__ import annotations


def test_ops_see_every_meeting(pages):
    told = pages.signed_in("ops@example.com").get("/").text
    assert "Handshake of Market" in told
    assert "供应链 &lt;b&gt;握手会&lt;/b&gt;" in told
