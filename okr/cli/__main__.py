"""`python -m okr.cli` is `okr`."""

from __future__ import annotations

from okr.cli import main

main()
