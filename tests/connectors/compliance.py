"""What every connector must do, whatever it reads; its tests subclass `Compliance`.

A connector's tests arrange the outside world; the promises are the same for all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.landing import Landing
from connectors.protocol import EXTRAS, REFERENCES, CheckLine, Delivery
from okr.errors import SourceError
from okr.report import Listing
from okr.texts import known
from schemas import TABLES, validate

AT = datetime(2026, 12, 11, tzinfo=UTC)


class Compliance:
    """Subclass this, and arrange."""

    @pytest.fixture
    def whole(self, tmp_path):
        """A connector to a source in order, with at least two scopes and at least two rows."""
        raise NotImplementedError

    @pytest.fixture
    def partial(self, tmp_path):
        """(connector, scope): one scope of several cannot be read."""
        raise NotImplementedError

    @pytest.fixture
    def breaking(self, tmp_path):
        """(connector, scope): good until it breaks in the middle of a scope, after half of it."""
        raise NotImplementedError

    @pytest.fixture
    def empty(self, tmp_path):
        """A connector to a source that is there and in order, and has no rows."""
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self, tmp_path):
        """A connector to a source of which nothing can be read."""
        raise NotImplementedError

    def test_a_whole_delivery_says_what_it_covers_and_where_each_row_stands(self, whole):
        delivery = whole.pull(Listing())
        assert delivery.source == whole.name
        assert delivery.whole
        assert delivery.failures == ()
        assert delivery.scopes
        assert sum(frame.height for frame in delivery.frames.values()) >= 2
        self.well_formed(delivery)

    def test_a_scope_that_cannot_be_read_is_named_and_does_not_hinder_the_others(self, partial):
        connector, scope = partial
        delivery = connector.pull(Listing())
        self.fails_alone(delivery, scope)
        assert sum(frame.height for frame in delivery.frames.values()) > 0

    def test_a_scope_that_breaks_after_half_of_it_delivers_nothing_of_that_half(self, breaking):
        connector, scope = breaking
        self.fails_alone(connector.pull(Listing()), scope)

    def test_an_empty_source_is_whole(self, empty):
        delivery = empty.pull(Listing())
        assert delivery.whole
        assert delivery.scopes
        assert sum(frame.height for frame in delivery.frames.values()) == 0
        self.well_formed(delivery)

    def test_the_same_twice_is_the_same(self, whole, tmp_path):
        landing = Landing(tmp_path / "landing")
        first = landing.pull(whole, Listing(), AT)
        second = landing.pull(whole, Listing(), AT + timedelta(hours=1))
        assert first.manifest.content_hash == second.manifest.content_hash
        assert first.delivery_id < second.delivery_id
        for table in first.tables:
            assert_frame_equal(landing.read_table(first, table), landing.read_table(second, table))

    def test_what_landed_is_what_was_pulled(self, whole, tmp_path):
        landing = Landing(tmp_path / "landing")
        pulled = whole.pull(Listing())
        kept = landing.read(landing.pull(whole, Listing(), AT))
        assert set(kept.frames) == set(pulled.frames)
        for table, frame in pulled.frames.items():
            assert_frame_equal(kept.frames[table], frame)
        assert kept.holds == pulled.holds
        assert sorted(kept.scopes) == sorted(set(pulled.scopes))
        assert (kept.source, kept.whole, kept.finer_links) == (
            pulled.source,
            pulled.whole,
            pulled.finer_links,
        )
        assert [r.place for r in kept.refusals] == [r.place for r in pulled.refusals]
        if pulled.references is not None:
            assert_frame_equal(kept.references, pulled.references)

    def test_where_nothing_can_be_read_the_error_has_a_sentence(self, unreachable):
        with pytest.raises(SourceError) as caught:
            unreachable.pull(Listing())
        self.sentences("error", caught.value.code)

    def test_after_a_failure_the_last_good_delivery_still_stands(self, whole, unreachable, tmp_path):
        landing = Landing(tmp_path / "landing")
        unreachable.name = whole.name
        good = landing.pull(whole, Listing(), AT)
        with pytest.raises(SourceError):
            landing.pull(unreachable, Listing(), AT + timedelta(days=1))
        assert landing.latest(whole.name).delivery_id == good.delivery_id
        assert [f.failed_at for f in landing.failures(whole.name)] == [AT + timedelta(days=1)]

    def test_a_check_says_what_is_in_order_and_what_is_not(self, whole, partial, unreachable):
        assert all(line.ok for line in self.lines(whole))
        assert not all(line.ok for line in self.lines(partial[0]))
        assert any(line.ok for line in self.lines(partial[0]))
        assert not all(line.ok for line in self.lines(unreachable))

    def lines(self, connector) -> list[CheckLine]:
        lines = list(connector.check())
        for line in lines:
            self.sentences("note" if line.ok else "error", line.code)
        return lines

    def fails_alone(self, delivery: Delivery, scope: str) -> None:
        assert not delivery.whole
        assert [failure.scope for failure in delivery.failures] == [scope]
        assert scope not in delivery.scopes
        for frame in delivery.frames.values():
            assert scope not in frame["scope"].to_list()
        self.sentences("error", delivery.failures[0].code)
        self.well_formed(delivery)

    def well_formed(self, delivery: Delivery) -> None:
        for table, frame in delivery.frames.items():
            assert table in TABLES
            for name in ("place", "scope", "part"):
                assert frame.schema[name] == pl.String
                assert frame[name].null_count() == 0
            assert frame["place"].n_unique() == frame.height
            assert set(frame["scope"]) <= set(delivery.scopes)
            own = set(frame.columns) - set(EXTRAS)
            assert own <= set(TABLES[table].columns)
            assert set(frame["part"]) <= set(delivery.holds[table])
            held = set().union(*delivery.holds[table].values())
            filled = {name for name in own if frame[name].null_count() < frame.height}
            assert filled <= held
            self.judged(delivery, table, frame)
        if delivery.references is not None:
            assert dict(delivery.references.schema) == REFERENCES
        for code, _ in delivery.notices:
            self.sentences("note", code)
        for refusal in delivery.refusals:
            assert refusal.scope
            self.sentences("quarantine", refusal.code)

    def judged(self, delivery: Delivery, table: str, frame: pl.DataFrame) -> None:
        """What is delivered can be judged, row by row: none is lost, none is doubled."""
        said = delivery.references
        spoken = set() if said is None else set(said.filter(pl.col("table") == table)["field"])
        checked = validate(table, frame, source="s", zone=ZoneInfo("UTC"), spoken=spoken)
        whole = checked.quarantine.filter("whole")["place"].unique()
        places = [*checked.rows["place"], *whole]
        assert sorted(places) == sorted(frame["place"])

    def sentences(self, family: str, code: str) -> None:
        for language in ("zh", "en"):
            assert known(f"{family}.{code}", language), f"no sentence for {family}.{code}"
