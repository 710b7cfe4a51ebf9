"""What runs remember: contents, when alignments were first seen, when gaps were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from tests.rules.oracle.world import Row, World

CONTENT = {
    "objectives": ("title", "unit_id", "state"),
    "key_results": ("title", "metric", "comparator", "target", "measure_unit", "due_on"),
    "handshakes": ("party", "point", "needed_by"),
}


@dataclass
class Memory:
    """All that earlier runs saw; `see` adds the present run."""

    contents: dict[tuple[str, str], tuple[Any, datetime | None]] = field(default_factory=dict)
    alignments: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    gaps: dict[str, datetime] = field(default_factory=dict)

    def see(self, world: World) -> None:
        """The rows of this run as they stand, counting or not."""
        now = world.rules.now
        for table, columns in CONTENT.items():
            rows = getattr(world, table)
            for key, row in rows.items():
                content = tuple(row[column] for column in columns)
                before = self.contents.get((table, key))
                if before is None:
                    self.contents[table, key] = (content, None)
                elif before[0] != content:
                    self.contents[table, key] = (content, now)
        for row in world.tables["alignments"]:
            self.see_alignment((row["objective_id"], row["parent_kind"], row["parent_id"]), now)

    def see_alignment(self, key: tuple[str, str, str], now: datetime) -> datetime:
        """The time of the run that first saw or inferred the alignment."""
        return self.alignments.setdefault(key, now)

    def content_time(self, table: str, key: str, row: Row) -> datetime | None:
        changed = self.contents[table, key][1]
        return changed if changed is not None else row["content_updated_at"]

    def first_seen(self, fingerprint: str, now: datetime) -> datetime:
        return self.gaps.setdefault(fingerprint, now)
