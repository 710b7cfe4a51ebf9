from __future__ import annotations

import pytest

from okr.cli import speech


@pytest.fixture(autouse=True)
def _language_of_the_call():
    """Each test begins in English, whatever the one before it spoke."""
    speech.speak("en")
    yield
    speech.speak("en")
