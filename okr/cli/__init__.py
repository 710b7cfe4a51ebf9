"""The command line: one file per family of commands. Nothing heavy is imported before it is used.

Exit statuses: 0 done; 1 done, with sources failed or rows refused; 2 the call or the settings are
wrong, nothing was changed; 3 the run failed, the last good state stands; 130 and 143 stopped by a
signal, likewise.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process, and end the process with its exit status."""
    try:
        from okr.cli.start import leave, run  # noqa: PLC0415 - Ctrl-C while importing is quiet too
    except KeyboardInterrupt:
        sys.exit(130)
    leave(run(sys.argv[1:]))
