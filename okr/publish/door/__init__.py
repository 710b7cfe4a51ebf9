"""The door of our pages: who may come in, and the signed links and cookies that prove it."""

from __future__ import annotations

from okr.publish.door.keys import CONSOLE, LINK_LASTS, VISIT_LASTS, Keys, Pass
from okr.publish.door.register import Meeting, Register, Visitor

__all__ = ["CONSOLE", "LINK_LASTS", "VISIT_LASTS", "Keys", "Meeting", "Pass", "Register", "Visitor"]
