"""Calls that are one too many, refused as the contract does it; with 429 if it never does."""

from dataclasses import replace
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.engine.call import Reply
from mockserver.engine.scenarios.pretence import pretend
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.bodies import change_places, find_places
from mockserver.faults.conditions import OTHERWISE

CONDITION: Final = "rate_limited"
_STATUS: Final = 429


def refuse_excess(visit: Visit, facts: Facts) -> Refusal:
    """Refuse a call as one too many; the facts tell when to come again."""
    refusal = pretend(visit, CONDITION if _is_told(visit) else OTHERWISE)
    refusal.facts |= facts
    if refusal.condition != CONDITION:
        refusal.facts["reply.message"] = "Too many requests"
        refusal.status = _STATUS
    return refusal


def mend(visit: Visit, reply: Reply) -> Reply:
    """The refusal with the code in its body that goes with its status."""
    if _is_told(visit):
        return reply
    paths = [place.path for place in find_places(visit, "reply.code")]
    return replace(change_places(reply, paths, lambda _: _STATUS) or reply, status=_STATUS)


def _is_told(visit: Visit) -> bool:
    """Whether the contract says how too many calls are refused."""
    form = visit.procedure.find_form(CONDITION)
    return CONDITION in form.shape.moments
