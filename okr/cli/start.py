"""From the words of a call to its exit status: language, help, the command, what goes wrong."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from okr import texts
from okr.cli.commands import BY_NAME, families, members
from okr.cli.speech import complain, peeked, say, speak, tell
from okr.errors import CallError, OkrError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from okr.cli.commands import Command

COMMON = {"--config", "--lang"}
ASKS_FOR_HELP = {"--help", "-h", "help"}
SIGNALLED = 128
GRACE = 10.0
"""Seconds that a stopped command has to put things in order; then the process just ends."""


class Stopped(BaseException):
    """A signal asks to end. No `Exception`, so that nobody on the way takes it for a failure."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def run(tokens: Sequence[str]) -> int:
    """Run one call; returns its exit status. Never raises."""
    try:
        with _signals():
            return _told(list(tokens))
    except Stopped as stopped:
        tell(say("cli.stopped"))
        return stopped.status
    except KeyboardInterrupt:
        tell(say("cli.stopped"))
        return SIGNALLED + signal.SIGINT


def leave(status: int) -> NoReturn:
    """End the process, after everything printed has left it.

    A process that was stopped does not wait for threads: one may hang in a pull.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        hush()
    except OSError as error:
        tell(say("error.output_failed", reason=error.strerror))
        hush()
        status = status or 3
    if status > SIGNALLED:
        os._exit(status)
    sys.exit(status)


def hush() -> None:
    """Let standard output go nowhere: whoever read it has gone, and that is no failure."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _told(tokens: list[str]) -> int:
    try:
        return _called(tokens)
    except OkrError as error:
        complain(error)
        return error.exit_status if error.exit_status > 1 else 3
    except BrokenPipeError:
        hush()
        return 0
    except Exception as error:  # noqa: BLE001 - a person never sees a traceback that they did not ask for
        if os.environ.get("OKR_DEBUG") == "1":
            traceback.print_exc()
        reason = str(error).strip().splitlines() or [""]
        tell(say("error.unexpected", kind=type(error).__name__, reason=reason[0][:200]))
        return 3


def _called(tokens: list[str]) -> int:
    lang = _option(tokens, "--lang")
    config = _option(tokens, "--config") or os.environ.get("OKR_CONFIG") or "okr.toml"
    known = lang in {"zh", "en"} or os.environ.get("OKR_LANG")
    speak(texts.language(lang, None if known else peeked(config)))
    front, tokens = _front(tokens)
    if not tokens or tokens[0] in ASKS_FOR_HELP:
        return _helped(tokens[1:])
    if tokens[0] == "--version":
        return _version()
    if tokens[0].startswith("-"):
        near = nearest(tokens[0], ["--help", "--version", "--config", "--lang"])
        raise CallError("unknown_option_of_all", option=tokens[0], nearest=near)
    end = tokens.index("--") if "--" in tokens else len(tokens)
    command = _command(tokens[:end])
    if isinstance(command, str) or ASKS_FOR_HELP & set(tokens[1:end]) - {"help"}:
        return _helped([command] if isinstance(command, str) else command.name.split(" "))
    rest = [*tokens[len(command.name.split(" ")) : end], *front, *tokens[end:]]
    return _run_command(command, rest)


def _run_command(command: Command, rest: list[str]) -> int:
    from cyclopts.exceptions import CycloptsError  # noqa: PLC0415 - not needed for `okr --help`

    from okr.cli import usage  # noqa: PLC0415

    try:
        call = usage.bound(command, rest)
    except CycloptsError as error:
        raise usage.in_our_words(error, command) from None
    return call()


def _helped(words: Sequence[str]) -> int:
    """Help on the command that the words name, or on all."""
    from okr.cli import guide  # noqa: PLC0415

    named = []
    for at, word in enumerate(words):
        if not word.startswith("-") and (at == 0 or words[at - 1] not in COMMON):
            named.append(word)
    command = _command(named) if named else None
    if command is None:
        guide.show_all()
    elif isinstance(command, str):
        guide.show_family(command)
    else:
        guide.show(command)
    return 0


def _command(tokens: Sequence[str]) -> Command | str:
    """The command that the words name; a family's name where no subcommand follows it.

    Raises:
        CallError: `unknown_command`, with the nearest.
    """
    first, *rest = tokens
    if first in BY_NAME:
        return BY_NAME[first]
    if first not in families():
        raise CallError("unknown_command", command=first, nearest=nearest(first, families()))
    if not rest or rest[0].startswith("-"):
        return first
    name = f"{first} {rest[0]}"
    if name not in BY_NAME:
        known = [command.name for command in members(first)]
        raise CallError("unknown_command", command=name, nearest=nearest(name, known))
    return BY_NAME[name]


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that looks most like a mistyped one."""
    import difflib  # noqa: PLC0415 - only where something is wrong

    found = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return found[0] if found else None


def _version() -> int:
    from importlib import metadata  # noqa: PLC0415

    try:
        version = metadata.version("okr-handshake")
    except metadata.PackageNotFoundError:
        version = "?"  # run out of a folder that nobody installed
    sys.stdout.write(f"okr {version}\n")
    return 0


def _option(tokens: Sequence[str], name: str) -> str | None:
    """The value of an option of every command, wherever it stands; None where it is not given."""
    for at, word in enumerate(tokens):
        if word == "--":
            break
        if word == name and at + 1 < len(tokens):
            return tokens[at + 1]
        if word.startswith(f"{name}="):
            return word[len(name) + 1 :]
    return None


def _front(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options of every command may stand in front of it: those, and the rest."""
    rest = list(tokens)
    front: list[str] = []
    while rest and rest[0].split("=")[0] in COMMON:
        count = 1 if "=" in rest[0] else 2
        front += rest[:count]
        del rest[:count]
    return front, rest


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and Ctrl-C end the call in order; asked twice, or in vain, at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    handler = _Handler()
    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, handler.stop)
    hook, sys.unraisablehook = sys.unraisablehook, handler.unraisable
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, old in before.items():
            signal.signal(number, old)
        handler.done()


class _Handler:
    """Turns a signal into `Stopped`, and sees to it that the process ends."""

    def __init__(self) -> None:
        self._asked = False
        self._timer: threading.Timer | None = None
        self._hook = sys.unraisablehook

    def stop(self, number: int, _frame: FrameType | None) -> None:
        """The handler itself; the second signal does not wait for anything."""
        status = SIGNALLED + number
        if self._asked:
            _end(status)
        self._asked = True
        if self._timer is None:
            self._timer = threading.Timer(GRACE, _end, [status])
            self._timer.daemon = True
            self._timer.start()
        raise Stopped(status)

    def unraisable(self, found: sys.UnraisableHookArgs) -> None:
        """Python drops what is raised within some callbacks; a stop is then raised once more."""
        if not isinstance(found.exc_value, Stopped):
            self._hook(found)
            return
        self._asked = False
        again = threading.Timer(0.05, _thread.interrupt_main, [found.exc_value.status - SIGNALLED])
        again.daemon = True
        again.start()

    def done(self) -> None:
        """The call has come to its end by itself."""
        if self._timer is not None:
            self._timer.cancel()


def _end(status: int) -> NoReturn:
    tell(say("cli.stopped"))
    os._exit(status)
