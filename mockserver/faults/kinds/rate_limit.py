"""The fault `rate-limit`."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from mockserver.contract.model import Contract
from mockserver.contract.places import GONE, list_places
from mockserver.engine.call import Reply
from mockserver.engine.scenarios.scenario import can_meet
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.bodies import change_places
from mockserver.faults.excess import CONDITION, mend, refuse_excess
from mockserver.faults.setting import choice, setting, whole

_HINTS: Final = ("refusal.retry_after", "refusal.window", "refusal.limit")


@dataclass(frozen=True)
class RateLimit(Fault):
    """The call is refused as one too many; with 429, if the contract has no such refusal."""

    meets: ClassVar = frozenset({CALL})
    hints: str = setting(
        "contract",
        choice("contract", "header", "none"),
        "what tells when to come again: what the contract has, a Retry-After header too, nothing",
    )
    retry_after: int = setting(2, whole(0, 86_400), "seconds that the hints tell")

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider itself refuses calls so; another one does it only if told to."""
        return can_meet(contract, "rate_limited")

    def refuse(self, visit: Visit, act: Act) -> Refusal:  # noqa: ARG002
        """Refuse the call as the contract refuses too many."""
        return refuse_excess(visit, {"refusal.retry_after": self.retry_after})

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Add or take out the hints of the refusal."""
        reply = mend(visit, reply)
        if self.hints == "contract":
            return reply
        shape = visit.procedure.find_form(CONDITION).shape
        known = {n.lower() for n, node in shape.headers.items() if node.get("x-fact") in _HINTS}
        kept = tuple(h for h in reply.headers if h[0].lower() not in known | {"retry-after"})
        if self.hints == "header":
            return replace(reply, headers=(*kept, ("Retry-After", str(self.retry_after))))
        paths = [place.path for place in list_places(shape) if place.fact in _HINTS]
        changed = change_places(reply, paths, lambda _: GONE)
        return replace(changed or reply, headers=kept)
