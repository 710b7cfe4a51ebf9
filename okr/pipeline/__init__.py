"""What runs do, in plain words: `sync` reads, merges and judges; the others make something of it."""

from __future__ import annotations

from okr.pipeline.aside import aside, run_on
from okr.pipeline.steps import HERE, Steps
from okr.pipeline.sync import Pulled, SyncResult, merge_and_judge, named_sources, pull_source, sync

__all__ = [
    "HERE",
    "Pulled",
    "Steps",
    "SyncResult",
    "aside",
    "merge_and_judge",
    "named_sources",
    "pull_source",
    "run_on",
    "sync",
]
