"""The command line: one file per family of commands. Nothing heavy is imported before it is used.

Exit statuses: 0 done; 1 done, with sources failed or rows refused; 2 the call or the settings are
wrong, nothing was changed; 3 the run failed, the last good state stands; 130 and 143 stopped by a
signal, likewise.
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line of this process, and end the process with its exit status."""
    # Imports and long lists make hundreds of thousands of objects that stay; looking through them
    # again and again for garbage took a tenth of a command's time.
    gc.set_threshold(200_000, 50, 100)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever called us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    try:
        from okr.cli.start import leave, run  # noqa: PLC0415 - Ctrl-C while importing is quiet too
    except KeyboardInterrupt:
        sys.exit(130)
    leave(run(sys.argv[1:]))
