"""The fault `refusal`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.model import Contract
from mockserver.contract.moments import CONDITIONS
from mockserver.engine.scenarios.pretence import pretend
from mockserver.engine.scenarios.scenario import can_meet
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.setting import NAMES, setting


@dataclass(frozen=True)
class RefusalFault(Fault):
    """The call is refused with a condition, in the provider's own words."""

    meets: ClassVar = frozenset({CALL})
    conditions: tuple[str, ...] = setting(
        "server-error", NAMES, "one of them is drawn from those that the operation can be met with"
    )

    def __post_init__(self) -> None:
        for name in self.conditions:
            if name.replace("-", "_") not in CONDITIONS:
                raise ValueError(f"there is no condition {name!r}")

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider has such refusals."""
        return any(can_meet(contract, name.replace("-", "_")) for name in self.conditions)

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:
        """Refuse the call."""
        names = [name.replace("-", "_") for name in self.conditions]
        known = [name for name in names if visit.procedure.can_meet(name)]
        if not known:
            return None
        place = act.chance.branch(b"condition").pick_between(0, len(known) - 1)
        return pretend(visit, known[place])
