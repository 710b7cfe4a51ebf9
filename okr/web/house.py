"""What all pages share: the settings, the keys, the ledger, and the door's list as the last run left it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from okr.errors import CallError
from okr.ledger import Ledger
from okr.publish.door import Keys, Register
from okr.publish.door.place import is_https, origins
from okr.settings import now
from okr.web.mailing import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from okr.settings import Block, Settings
    from okr.web.orders import Orders


@dataclass
class House:
    """One enterprise, as its pages see it. Used from several threads."""

    settings: Settings
    keys: Keys
    ledger: Ledger
    orders: Orders
    block: Block | None = None
    measure: Measure = field(default_factory=Measure)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[object, Register] | None = None

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, orders: Orders, *, block: Block | None = None) -> Iterator[House]:
        """Open what pages need.

        Raises:
            CallError: a secret is missing.
            RunError: the ledger cannot be opened.
        """
        keys = Keys.of(settings, block=block)
        with Ledger.of(settings, block=block) as ledger:
            yield cls(settings, keys, ledger, orders, block)

    @property
    def is_https(self) -> bool:
        """Whether people reach the pages over TLS: then cookies travel over nothing else."""
        return is_https(self.settings)

    @property
    def cookie(self) -> str:
        """The name of the cookie of a visit; a browser takes `__Host-` only from this host and over TLS."""
        return "__Host-okr" if self.is_https else "okr"

    @property
    def origins(self) -> frozenset[str]:
        """The origins of our own pages."""
        return origins(self.settings)

    @property
    def is_empty(self) -> bool:
        """Whether no run has made a warehouse yet."""
        return not self.settings.warehouse.path.exists()

    def register(self) -> Register:
        """Whom settings and coming meetings name; read anew after each run, and each minute.

        Raises:
            RunError: the warehouse cannot be opened.
        """
        at = now(self.settings)
        try:
            found = self.settings.warehouse.path.stat()
            state = (found.st_ino, found.st_mtime_ns, at.replace(second=0, microsecond=0))
        except FileNotFoundError:
            return Register(self.settings.ops.emails)
        with self._lock:
            if self._kept is None or self._kept[0] != state:
                try:
                    self._kept = (state, Register.of(self.settings, now=at))
                except CallError:  # it went between the two
                    return Register(self.settings.ops.emails)
            return self._kept[1]
