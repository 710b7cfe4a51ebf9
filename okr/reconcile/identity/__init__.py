"""Who and what is the same in several sources: canonical ids.

Sources with equal ids speak of the same thing (RULES, Ids). Here things with different ids are joined: by stated keys,
then by normal form within the same unit and period; what is only alike is a proposal, and what may be several things
is a doubt (SY604). What people decided wins.
"""

from __future__ import annotations

from okr.reconcile.identity.settling import Identities

__all__ = ["Identities"]
