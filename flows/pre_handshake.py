"""Before a meeting: what an HRBP starts from the pages, and ops from Prefect's (`okr.pipeline.prepare`).

One task for each source and each coarse stage. The stages are those of the command line, which runs them without
Prefect. A second run while one holds the warehouse waits at the warehouse's own lock, and says so in its log.
"""

# No `from __future__ import annotations` here: a worker loads a flow's file under a name that is gone when Prefect
# looks at the flow's parameters, so annotations must be things and not words.

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import BaseModel, Field

from flows import endings, figures
from flows.report import RunLog
from flows.secrets import from_block
from flows.tasks import AsTasks, side_by_side
from okr.pipeline.prepare import Prepared, prepare
from okr.reconcile.rulebook import rules
from okr.settings import load
from okr.texts import Language, language, text, told


class PreHandshake(BaseModel):
    """What a preparation is asked for. Prefect stores it in the clear: no secret goes here."""

    config: str = Field("okr.toml", description="The settings file of the enterprise.")
    meeting: str = Field(
        description="The meeting: its id, its title or its upper unit's name.", min_length=1, max_length=200
    )
    fresh: bool = Field(default=False, description="Read every source, however fresh its last delivery is.")
    pull: bool = Field(default=True, description="Read sources at all; off: make the pack of what is there.")
    rehearsal: bool = Field(
        default=False, description="Every mail goes to `[mail] redirect_to` alone, and nobody counts as told."
    )
    dry_run: bool = Field(
        default=False, description="Make the files; leave warehouse, ledger and the outside world as they are."
    )
    language: str = Field(
        "", description="In which language its state is told: zh or en; empty: the settings'.", pattern="^(zh|en)?$"
    )
    who: str = Field("prefect", description="Who asks, as the log of runs shall say.", max_length=254)


@flow(name="pre-handshake", log_prints=False, task_runner=side_by_side())
def pre_handshake(parameters: PreHandshake) -> State:
    """Pull what is not fresh, judge, make the pack of a meeting, and deliver what the settings turn on.

    Returns:
        A state of `flows.endings`, which says honestly what could not be done.
    """
    return endings.honest(_run, parameters)


def _run(parameters: PreHandshake) -> State:
    settings = load(Path(parameters.config), rule_codes=rules())
    lang = language(parameters.language, settings.language)
    prepared = prepare(
        settings,
        parameters.meeting,
        fresh=parameters.fresh,
        pull=parameters.pull,
        dry_run=parameters.dry_run,
        rehearsal=parameters.rehearsal,
        who=parameters.who,
        report=RunLog(lang),
        block=from_block,
        steps=AsTasks(lang),
    )
    figures.keep_preparation(prepared, lang)
    return _final(prepared, lang)


def _final(prepared: Prepared, lang: Language) -> State:
    """The state that says honestly how it went: the pack is there, but of what, and who could not be told."""
    counts = {"files": len(prepared.pack), "mails": 0 if prepared.mails is None else prepared.mails.count}
    words = [text("flow.prepared", lang, **counts)]
    stuck = False
    if prepared.delivered is not None:
        left = {name: getattr(prepared.delivered, name) for name in ("sent", "refused", "uncertain", "waiting")}
        words.append(text("flow.delivered", lang, **left))
        stuck = prepared.delivered.exit_status != 0
        if prepared.delivered.error is not None:
            words.extend(told(prepared.delivered.error, lang))
    synced = None if prepared.sync is None or not prepared.sync.exit_status else endings.of_sync(prepared.sync, lang)
    if synced is not None:
        words.append(synced.message or "")
    if stuck:  # worse than rows in quarantine, and than older rows: people believe that they were told
        return endings.in_part(words)
    if synced is None:
        return Completed(message=" ".join(words))
    synced.message = " ".join(words)
    return synced
