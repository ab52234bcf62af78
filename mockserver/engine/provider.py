"""A provider as it is played: its contract, its scenarios, its operations made ready."""

from mockserver.contract.model import Contract, Operation
from mockserver.engine.gates import Gate
from mockserver.engine.procedure import Procedure
from mockserver.engine.scenarios.library import Library
from mockserver.engine.scenarios.pretence import list_gates
from mockserver.engine.scenarios.repertoire import Repertoire
from mockserver.engine.scenarios.scenario import Scenario
from mockserver.engine.timeline import Planner


class Provider:
    """What is made of a contract once, when it is first needed. It holds no account's state."""

    def __init__(self, contract: Contract, speed: float, library: Library) -> None:
        self.contract = contract
        self.repertoire = Repertoire(contract, library)
        self._planner = Planner(contract.lifecycle, speed)
        self._procedures: dict[str, Procedure] = {}
        self._gates: dict[tuple[str, str | None], tuple[Gate, ...]] = {}

    def find_procedure(self, operation: Operation) -> Procedure:
        """The procedure of an operation."""
        procedure = self._procedures.get(operation.id)
        if procedure is None:
            procedure = Procedure(self.contract, operation, self._planner)
            self._procedures[operation.id] = procedure
        return procedure

    def find_gates(self, procedure: Procedure, scenario: Scenario) -> tuple[Gate, ...]:
        """The gates that a call passes, the one of the scenario's condition among them."""
        place = (procedure.operation.id, scenario.condition)
        gates = self._gates.get(place)
        if gates is None:
            meets = scenario.condition is not None and procedure.can_meet(scenario.condition)
            gates = list_gates(procedure, scenario.condition if meets else None)
            self._gates[place] = gates
        return gates
