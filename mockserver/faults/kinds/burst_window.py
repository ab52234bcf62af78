"""The fault `burst-window`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.model import Contract, Limit
from mockserver.engine.call import Reply
from mockserver.engine.gates import describe_limit
from mockserver.engine.procedure import find_tier
from mockserver.engine.scenarios.scenario import can_meet
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.excess import mend, refuse_excess
from mockserver.faults.setting import ANY_SPAN, setting, whole


@dataclass(frozen=True)
class BurstWindow(Fault):
    """So many calls pass in a window of time, the rest are refused as `rate-limit` refuses."""

    meets: ClassVar = frozenset({CALL})
    max: int = setting(5, whole(0, 1_000_000), "calls in a window")
    window: int = setting("10s", ANY_SPAN, "its length, on the account's clock")

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider itself refuses calls so; another one does it only if told to."""
        return can_meet(contract, "rate_limited")

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:
        """Refuse the call if the window is full."""
        limit = Limit("burst", self.max, self.window, "rate_limited")
        excess = act.planned.quota.take([limit], visit.now)
        if excess is None:
            return None
        tier = find_tier(visit.call.contract, visit.account.tier)
        return refuse_excess(visit, describe_limit(limit, tier, excess.wait))

    def may_spoil(self, visit: Visit) -> bool:  # noqa: ARG002
        """What it lets through, it leaves as it is."""
        return False

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Complete the refusal."""
        return mend(visit, reply)
