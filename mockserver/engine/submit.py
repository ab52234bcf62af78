"""What a submit that passed every gate makes: a task with its id, its timeline and its price."""

from typing import Final

import orjson

from mockserver.contract.moments import Phase
from mockserver.draw import draw
from mockserver.engine.task import Task
from mockserver.engine.visit import Visit
from mockserver.errors import ContractError

_UNKNOWN_DURATION: Final = (10_000, 10_000)  # milliseconds, where the contract does not say
_MAX_ATTEMPTS: Final = 1_000


def make_task(visit: Visit) -> Task:
    """Make the task, put it into its account, and charge for it as the contract says."""
    digest, scenario = visit.digest, visit.scenario
    occurrence = visit.holding.occurrences.get(digest, 0)
    yields = visit.variant.yields if visit.variant else None
    shortest, longest = yields.takes if yields else _UNKNOWN_DURATION
    chance = draw(visit.account.seed, "duration", digest, occurrence)
    takes = chance.pick_between(shortest, longest)
    through = yields.through if yields else ()
    task = Task(
        id=_draw_id(visit, occurrence),
        contract=visit.call.contract,
        operation=visit.procedure.operation,
        variant=visit.variant,
        body=orjson.dumps(visit.call.body),
        digest=digest,
        occurrence=occurrence,
        created=visit.now,
        timeline=visit.procedure.planner.plan(through, scenario.outcome, takes),
        failure=scenario.failure if scenario.outcome is Phase.FAILED else None,
        price=visit.price,
        origin=visit.call.origin,
        given=visit.read_parameters(),
    )
    visit.account.put_task(task, visit.replay)
    return task


def _draw_id(visit: Visit, occurrence: int) -> str:
    """An id as the contract writes them, that no task of the account has."""
    pattern = visit.call.contract.ids
    parts = (visit.account.id, visit.digest, occurrence)
    for attempt in range(_MAX_ATTEMPTS):
        drawn = draw(visit.account.seed, "id", *parts, attempt).fill(pattern)
        if drawn not in visit.holding.tasks:
            return drawn
    where = f"{visit.call.contract.name}#/x-provider/ids"
    raise ContractError(where, f"{pattern!r} has no id left", "give it more digits")
