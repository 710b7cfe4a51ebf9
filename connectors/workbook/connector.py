"""The source `workbook`: a folder of workbooks that units filled in. A scope is a workbook."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.protocol import REFERENCES, CheckLine, Delivery, Failure
from connectors.workbook.children import read_all
from connectors.workbook.copies import Read, choose, digests
from connectors.workbook.files import find
from connectors.workbook.frames import Frames, answers, notices
from connectors.workbook.labels import NAMES
from connectors.workbook.reading import Options
from okr.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from connectors.workbook.files import Found
    from okr.report import Report


class WorkbookConnector:
    """Reads workbooks in both shapes, whatever their format, and tells what it passes over."""

    kind = "workbook"

    def __init__(self, name: str, settings: Any, *, zone: ZoneInfo | None = None) -> None:  # noqa: ANN401, ARG002 - see `connect`
        """Take the settings of one source.

        Raises:
            SettingsError: `workbook_column_unknown`: a label is to mean what nothing is called.
        """
        self.name = name
        paths = settings.path
        self._patterns = [str(path) for path in ([paths] if isinstance(paths, str) else paths)]
        columns = dict(getattr(settings, "columns", None) or {})
        for label, meaning in columns.items():
            if meaning not in NAMES:
                known = sorted(NAMES)
                raise SettingsError(
                    "workbook_column_unknown",
                    source=name,
                    label=label,
                    meaning=meaning,
                    known=known,
                )
        self._options = Options(settings.unit, settings.period, columns)

    def pull(self, report: Report) -> Delivery:
        """Read all workbooks; see `Connector`.

        Raises:
            SourceError: `no_workbooks`; or, where none could be read, the only one's, or
                `no_workbook_read` with the code of each.
        """
        return self._pull(report, None)

    def pieces(self, report: Report, previous: Delivery | None) -> Iterator[Delivery]:
        """Read all workbooks, in one piece, and tell which ones are gone; see `InPieces`."""
        yield self._pull(report, previous)

    def check(self) -> Iterator[CheckLine]:
        """Read everything once, and say how many workbooks could be read, and which could not."""
        began = time.perf_counter()
        try:
            delivery = self._pull(None, None)
        except SourceError as error:
            yield CheckLine(ok=False, code=error.code, values=error.values)
            return
        for failure in delivery.failures:
            yield CheckLine(ok=False, code=failure.code, values=failure.values)
        yield CheckLine(ok=True, code="check_workbooks", values={"count": len(delivery.scopes)})
        seconds = round(time.perf_counter() - began, 1)
        yield CheckLine(ok=True, code="check_full_pull", values={"seconds": seconds})

    def _pull(self, report: Report | None, previous: Delivery | None) -> Delivery:
        found = find(self._patterns)
        if not found.files:
            raise SourceError("no_workbooks", source=self.name, path=self._patterns)
        if report is not None:
            report.stage("read_workbooks", total=len(found.files), source=self.name)
        failures: list[Failure] = []
        told: list[tuple[str, Mapping[str, object]]] = _around(found)
        read: list[Read] = []
        for scope, answer in read_all(found.files, self._options, report.advance if report else _nobody):
            if "error" in answer:
                failures.append(Failure(scope, answer["error"], {**answer["values"], "file": scope}))
                continue
            told += [(code, values) for code, values in answer["notices"]]
            saved_at = dt.datetime.fromisoformat(answer["saved_at"])
            read.append(Read(scope, saved_at, answer["sheets"], answer["returned"], answer["saved_by"]))
        if not read:
            raise _all_failed(failures)
        passed = _settle_copies(read, failures, told)
        return self._delivery(read, passed, failures, told, _gone(found, previous))

    def _delivery(
        self, read: list[Read], passed: set[str], failures: list[Failure], told: list[Any], gone: list[str]
    ) -> Delivery:  # fmt: skip
        broken = {failure.scope for failure in failures}
        frames = Frames()
        scopes = [*gone]
        for book in read:
            if book.scope in broken:
                continue
            scopes.append(book.scope)
            # What is asked back counts in every copy; which of the answers does, only the ledger knows.
            told += notices(book.scope, book.returned)
            for sheet in book.returned:
                frames.add(book.scope, sheet)
            if book.scope not in passed:
                told += notices(book.scope, book.sheets)
                for sheet in book.sheets:
                    frames.add(book.scope, sheet)
        told += [("workbook_gone", {"file": scope}) for scope in gone]
        saved = {book.scope: book.saved_at.isoformat() for book in read}
        return Delivery(
            source=self.name,
            frames=frames.frames(),
            holds=frames.holds,
            whole=not failures,
            scopes=tuple(scopes),
            failures=tuple(failures),
            refusals=tuple(frames.refusals),
            notices=tuple(told),
            references=pl.concat(
                [
                    frames.references(),
                    _saved(book for book in read if book.scope not in broken),
                    answers(read),
                ]
            ),
            memo={"workbooks": sorted({*saved, *broken}), "saved_at": saved},
        )


def _saved(read: Iterable[Read]) -> pl.DataFrame:
    """Return when each workbook was saved, and a digest of what it says, for those who know its unit."""
    rows = [
        {
            "scope": book.scope,
            "part": book.scope,
            "table": "workbooks",
            "row": book.scope,
            "field": "saved_at",
            "ordinal": 0,
            "kind": "time",
            "candidates": [book.true_at.isoformat(), *digests(book)],
            "place": book.scope,
        }
        for book in read
    ]
    return pl.DataFrame(rows, schema=REFERENCES)


def _nobody(steps: int = 1) -> None:
    """Advance nothing."""


def _around(found: Found) -> list[tuple[str, Mapping[str, object]]]:
    """Tell of files beside the workbooks that are not read."""
    told: list[tuple[str, Mapping[str, object]]] = []
    told += [("workbook_temporary", {"file": scope}) for scope in found.temporary]
    told += [("workbook_other_file", {"file": scope}) for scope in found.others]
    return told


def _settle_copies(read: list[Read], failures: list[Failure], told: list[Any]) -> set[str]:
    """Return the workbooks that are passed over, as older copies; say so, and refuse rivals."""
    passed: set[str] = set()
    for choice in choose(read):
        if choice.kept is None:
            for scope in choice.passed:
                others = [other for other in choice.passed if other != scope]
                failures.append(Failure(scope, "workbook_copies_differ", {"file": scope, "others": others}))
            continue
        for scope in choice.passed:
            passed.add(scope)
            told.append(("workbook_older", {"file": scope, "newer": choice.kept}))
    return passed


def _gone(found: Found, previous: Delivery | None) -> list[str]:
    """Return the workbooks of the last delivery that are no longer there."""
    if previous is None:
        return []
    known = previous.memo.get("workbooks")
    return [scope for scope in known if scope not in found.files] if isinstance(known, list) else []


def _all_failed(failures: list[Failure]) -> SourceError:
    if len(failures) == 1:
        return SourceError(failures[0].code, **failures[0].values)
    return SourceError("no_workbook_read", reasons=[f"{failure.scope}: {failure.code}" for failure in failures])
