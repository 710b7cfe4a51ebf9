"""What things of ours are called on a Prefect server."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr.settings import Settings

WORK_POOL = "okr"

NIGHTLY = "nightly-sync/nightly-sync"
PRE_HANDSHAKE = "pre-handshake/pre-handshake"
DELIVER = "deliver/deliver"
"""Flow and deployment, as Prefect writes them."""

SERVED = ("pre-handshake", "nightly-sync", "deliver")
"""The flows that we serve; each has one deployment, of its own name."""


def warehouse_limit(settings: Settings) -> str:
    """The concurrency limit of an enterprise's warehouse: one run at a time holds it."""
    return f"okr-warehouse-{hashlib.sha256(str(settings.warehouse.path).encode()).hexdigest()[:8]}"
