"""What can go wrong, named by what the caller does about it.

OkrError
├── CallError      the call or the settings are wrong; nothing was changed (exit status 2)
│   └── SettingsError
├── SourceError    one source, or a part of it, could not be read; the run goes on without it
└── RunError       the run failed; the last good state stands (exit status 3)

An error is a code with named values. The sentence is made at the edge, in the reader's language,
from `okr.texts` (key `error.<code>`); `str(error)` is for logs and tests.
"""

from __future__ import annotations


class OkrError(Exception):
    """A failure that a person can understand: `code` names the sentence, `values` fill it."""

    exit_status = 3

    def __init__(self, code: str, /, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(code, values)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({told})"


class CallError(OkrError):
    """The call or the settings are wrong; nothing was changed."""

    exit_status = 2


class SettingsError(CallError):
    """The settings file is wrong. `problems` holds every finding, each a code with values."""

    def __init__(self, code: str, /, problems: tuple[OkrError, ...] = (), **values: object) -> None:
        super().__init__(code, **values)
        self.problems = problems


class SourceError(OkrError):
    """A source, or one scope of it, could not be read; its last good delivery stands in."""

    exit_status = 1


class RunError(OkrError):
    """The run failed; warehouse and ledger stand as they were."""
