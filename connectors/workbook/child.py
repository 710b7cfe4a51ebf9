"""The process in which workbooks are read: it may be killed, and so may whoever made the file.

It reads requests from standard input and answers on what was its standard output, each a line
with a length and as many bytes of JSON. Nothing that a library prints can come in between.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import IO, Any

from connectors.workbook.labels import Labels
from connectors.workbook.reading import Options, read_workbook
from okr.errors import SourceError


def main() -> None:
    """Answer requests until there are no more."""
    options, memory = Options(**json.loads(sys.argv[1])), int(sys.argv[2])
    _limit(memory)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    labels = Labels(options.columns)
    # What is read lives until it is told, and nothing of it goes in circles: looking for circles
    # costs a quarter of the time.
    gc.disable()
    for line in sys.stdin.buffer:
        send(answers, _answer(json.loads(line), options, labels))


def send(file: IO[bytes], message: object) -> None:
    """Write a message with its length before it."""
    told = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    file.write(b"%d\n" % len(told))
    file.write(told)
    file.flush()


def _answer(request: dict[str, str], options: Options, labels: Labels) -> dict[str, Any]:
    try:
        return read_workbook(request["path"], request["scope"], options, labels)
    except SourceError as error:
        return {"error": error.code, "values": error.values}
    except (MemoryError, RecursionError):
        return {"error": "workbook_too_big", "values": {"file": request["scope"]}}
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        if type(error).__name__ == "PanicException":
            # So python-calamine falls over a file that is damaged in a way it does not expect.
            return {"error": "workbook_unreadable", "values": {"file": request["scope"]}}
        # A file that brings our own reader to fall is refused like a broken one; the run goes on.
        return {
            "error": "workbook_reader_failed",
            "values": {"file": request["scope"], "cause": repr(error)[:200]},
        }


def _limit(memory: int) -> None:
    """Limit this process to so many bytes of memory, where the system knows limits."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
