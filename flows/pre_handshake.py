"""Before a meeting: what an HRBP starts from the pages, and ops from Prefect's.

One task for each source and each stage (`flows.stages`); what they do stands in `okr.pipeline`, and the command
line does the same without Prefect.
"""

# No `from __future__ import annotations` here: a worker loads a flow's file under a name that is gone when Prefect
# looks at the flow's parameters, so annotations must be things and not words.


from pydantic import BaseModel, Field


class PreHandshake(BaseModel):
    """What a preparation is asked for. Prefect stores it in the clear: no secret goes here."""

    config: str = Field("okr.toml", description="The settings file of the enterprise.")
    meeting: str = Field(description="The meeting: its id, its title or its upper unit's name.", min_length=1)
    fresh: bool = Field(False, description="Pull every source, however fresh its last delivery is.")
    rehearsal: bool = Field(False, description="All mails go to `[mail] redirect_to` only, and nobody counts as told.")
    who: str = Field("prefect", description="Who asks, as the log of runs shall say.")
