"""In which state a preparation ends: what a person reads on the page, without a server."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.pre_handshake import _final
from okr.errors import RunError
from okr.pipeline.delivery import Delivered
from okr.pipeline.prepare import Prepared

CLEAN = SimpleNamespace(sources=[], exit_status=0, refused_rows=0, refused_values=0)
REFUSALS = SimpleNamespace(sources=[], exit_status=1, refused_rows=2, refused_values=1)
BEHIND = SimpleNamespace(
    sources=[SimpleNamespace(name="units", state="partial")], exit_status=1, refused_rows=0, refused_values=0
)
AWAY = Delivered(waiting=5, error=RunError("mail_unreachable", host="smtp.example.com", port=587, reason="refused"))


def ended(sync, delivered):
    folder = Path("packs")
    queued = SimpleNamespace(count=5)
    prepared = Prepared("r1", "market", "Market", folder, folder, [], [], sync, 57.0, {}, queued, delivered, False)
    return _final(prepared, "en")


@pytest.mark.parametrize(
    ("sync", "delivered", "type_", "name"),
    [
        (None, None, "COMPLETED", "Completed"),
        (CLEAN, Delivered(sent=5), "COMPLETED", "Completed"),
        (REFUSALS, Delivered(sent=5), "COMPLETED", "Completed with refusals"),
        (BEHIND, Delivered(sent=5), "FAILED", "Completed with failures"),
        (None, AWAY, "FAILED", "Failed in part"),
        (REFUSALS, AWAY, "FAILED", "Failed in part"),
        (BEHIND, AWAY, "FAILED", "Failed in part"),
    ],
)
def test_mails_that_did_not_leave_are_no_success(sync, delivered, type_, name):
    state = ended(sync, delivered)

    assert (state.type.value, state.name) == (type_, name)
    assert "5 mails" in state.message
    assert ("5 sent" in state.message) == (delivered is not None and delivered is not AWAY)
    assert ("smtp.example.com" in state.message) == (delivered is AWAY)
    assert ("5 waiting" in state.message) == (delivered is AWAY)
    assert ("units" in state.message) == (sync is BEHIND)
    assert ("quarantine" in state.message) == (sync is REFUSALS)
