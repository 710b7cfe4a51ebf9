"""What a run leaves on Prefect's pages: figures, and nothing of a person or of what an OKR says.

Artifacts lie in Prefect's database in the clear and are for everybody who may look at runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.artifacts import create_table_artifact

from okr.texts import text

if TYPE_CHECKING:
    from okr.pipeline import SyncResult
    from okr.pipeline.nightly import NightlyResult
    from okr.pipeline.prepare import Prepared
    from okr.texts import Language

SEVERITIES = ("critical", "major", "minor", "info")


def keep_sync(result: SyncResult, language: Language) -> None:
    """Keep how each source stands, and how many gaps the run found."""
    sources = [
        {
            text("flow.column.source", language): source.name,
            text("flow.column.state", language): text(f"flow.state.{source.state}", language),
            text("flow.column.rows", language): source.rows,
        }
        for source in result.sources
    ]
    create_table_artifact(sources, key="okr-sources", description=text("flow.artifact.sources", language))
    counts = {text(f"severity.{severity}", language): result.gaps.get(severity, 0) for severity in SEVERITIES}
    counts |= {
        text("flow.column.opened", language): result.opened,
        text("flow.column.resolved", language): result.resolved,
        text("flow.column.refused_rows", language): result.refused_rows,
        text("flow.column.refused_values", language): result.refused_values,
    }
    told = text("flow.artifact.gaps", language, periods=result.judged)
    create_table_artifact([counts], key="okr-gaps", description=told)


def keep_nightly(result: NightlyResult, language: Language) -> None:
    """Keep what `keep_sync` does, how each target stands, how many mails wait, and how ready meetings are."""
    keep_sync(result.sync, language)
    if result.targets:
        targets = [
            {
                text("flow.column.target", language): one.target,
                text("flow.column.state", language): text(f"flow.target.{one.state}", language),
                text("flow.column.changes", language): sum(sum(counts.values()) for counts in one.counts.values()),
            }
            for one in result.targets
        ]
        create_table_artifact(targets, key="okr-targets", description=text("flow.artifact.targets", language))
    if result.meetings:
        meetings = [
            {
                text("flow.column.meeting", language): one.meeting_id,
                text("flow.column.reminders", language): ", ".join(map(str, one.reminders)),
                text("flow.column.state", language): text(
                    f"flow.meeting.{'failed' if one.prepared is None else 'prepared'}", language
                ),
            }
            for one in result.meetings
        ]
        create_table_artifact(meetings, key="okr-meetings", description=text("flow.artifact.meetings", language))
    if result.digests is not None:
        queued = [{text("flow.column.digests", language): result.digests.count}]
        create_table_artifact(queued, key="okr-digests", description=text("flow.artifact.digests", language))


def keep_preparation(prepared: Prepared, language: Language) -> None:
    """Keep what `keep_sync` does where sources were read, how ready the meeting is, and what was made for it."""
    if prepared.sync is not None:
        keep_sync(prepared.sync, language)
    row = {
        text("flow.column.meeting", language): prepared.meeting_id,
        text("flow.column.readiness", language): "–" if prepared.readiness is None else round(prepared.readiness),
        text("flow.column.files", language): len(prepared.pack),
        text("flow.column.mails", language): 0 if prepared.mails is None else prepared.mails.count,
    }
    create_table_artifact([row], key="okr-preparation", description=text("flow.artifact.preparation", language))
