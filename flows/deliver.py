"""Every quarter of an hour: what is due in the outbox leaves (`okr.pipeline.mails`)."""

# No `from __future__ import annotations` in files of flows; see flows/nightly_sync.py.

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import BaseModel, Field

from flows import endings
from flows.report import RunLog
from flows.secrets import from_block
from flows.tasks import AsTasks
from okr.pipeline import mails
from okr.pipeline.mails import Delivered
from okr.reconcile.rulebook import rules
from okr.settings import load
from okr.texts import Language, language, text, told


class Deliver(BaseModel):
    """What a delivery is asked for. Prefect stores it in the clear: no secret goes here."""

    config: str = Field("okr.toml", description="The settings file of the enterprise.")


@flow(name="deliver", log_prints=False)
def deliver(parameters: Deliver) -> State:
    """Send what is due. Nothing is tried twice here: what may be tried again waits for the next run."""
    return endings.honest(_run, parameters)


def _run(parameters: Deliver) -> State:
    settings = load(Path(parameters.config), rule_codes=rules())
    lang = language(settings_language=settings.language)
    report = RunLog(lang)
    steps = AsTasks(lang)
    done = steps.step("send mails", lambda: mails.deliver(settings, report=report, block=from_block))
    return _final(done, lang)


def _final(done: Delivered, lang: Language) -> State:
    """The state that says honestly what has left. Addresses stand nowhere in it."""
    if done.off:
        return Completed(message=text("flow.mail_off", lang))
    counts = {name: getattr(done, name) for name in ("sent", "refused", "uncertain", "waiting")}
    if any(counts.values()):
        row = {text(f"flow.column.{name}", lang): count for name, count in counts.items()}
        create_table_artifact([row], key="okr-mails", description=text("flow.artifact.mails", lang))
    message = text("flow.delivered", lang, **counts)
    if done.error is not None:
        return endings.in_part([*told(done.error, lang), message])
    if done.exit_status:
        return endings.in_part([message])
    return Completed(message=message)
