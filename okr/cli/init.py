"""`okr init`: asks what there is, and writes an annotated okr.toml."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from okr.cli import tables
from okr.cli.options import Common
from okr.cli.speech import say
from okr.errors import CallError

if TYPE_CHECKING:
    from okr.cli.asking import Asked

KEY = "okr.key"


def init(  # noqa: PLR0913 - one option for each question
    *,
    timezone: str | None = None,
    period: str | None = None,
    tables_: Annotated[tuple[str, ...], Parameter(name="--tables", consume_multiple=False)] = (),
    workbooks: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    database: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    language: Literal["zh", "en"] | None = None,
    yes: bool = False,
    force: bool = False,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Write an annotated settings file; never over another one without --force."""
    file = common.config or Path(os.environ.get("OKR_CONFIG") or "okr.toml")
    if file.exists() and not force:
        raise CallError("init_exists", file=str(file))
    if not file.absolute().parent.is_dir():
        raise CallError("output_folder_missing", file=str(file), folder=str(file.absolute().parent))
    from okr.cli import asking  # noqa: PLC0415 - pydantic and rich

    asked = asking.Asked(
        timezone=timezone,
        period=period,
        tables=list(tables_),
        workbooks=list(workbooks),
        databases=list(database),
        language=language,
    )
    if not yes:
        if not sys.stdin.isatty():
            raise CallError("init_not_asked")
        asking.ask(asked, file.absolute().parent)
    _write(asked, file)
    return 0


def _write(asked: Asked, file: Path) -> None:
    from okr.cli import asking  # noqa: PLC0415
    from okr.settings import parse, write_settings  # noqa: PLC0415

    answers = asking.answers(asked)
    content = write_settings(answers, lambda code: say(f"comment.{code}"))
    parse(content, file)  # what cannot be read back is not written
    from okr.cli.files import write_pieces  # noqa: PLC0415

    write_pieces([content], file)
    _key(file.absolute().parent / KEY)
    tables.line(say("cli.init.written", file=str(file)))
    where = "" if file.name == "okr.toml" and file.parent == Path() else f" --config {file}"
    tables.line(say("cli.init.next", config=where))


def _key(path: Path) -> None:
    """The key that signs links to our pages; one that is there stays."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise CallError("output_unwritable", file=str(path), reason=error.strerror) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(secrets.token_urlsafe(48) + "\n")
