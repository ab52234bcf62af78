"""What a submit that passed every gate makes: a task with its id, its timeline and its price."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from mockserver.contract.expression import look_up
from mockserver.draw import Draw, draw
from mockserver.engine.call import Call
from mockserver.engine.packing import pack
from mockserver.engine.scenarios.wish import use_wish
from mockserver.engine.task import Task
from mockserver.engine.visit import Visit
from mockserver.errors import ContractError

_UNKNOWN_DURATION: Final = (10_000, 10_000)  # milliseconds, where the contract does not say
_ATTEMPTS: Final = tuple(b" %d" % number for number in range(1_000))  # at an id
_NOTHING: Final[Mapping[str, str]] = {}  # shared, since most tasks have nothing

_open_draw: Final = lru_cache(maxsize=1_024)(draw)


def make_task(visit: Visit) -> Task:
    """Make the task, put it into its account, and charge for it as the contract says."""
    scenario = visit.scenario
    occurrence, chance, drawn = _draw_task(visit)
    yields = visit.variant.yields if visit.variant else None
    usual = yields.takes if yields else _UNKNOWN_DURATION
    shortest, longest = scenario.pace.takes or usual
    takes = chance.pick_between(shortest, longest)
    through = yields.through if yields else ()
    task = Task(  # by place: names would cost ten times as much
        drawn,
        visit.call.contract,
        visit.procedure.operation,
        visit.variant,
        visit.call.raw or pack(visit.call.body),
        visit.digest,
        occurrence,
        visit.now,
        visit.procedure.planner.plan(through, scenario.outcome, takes, scenario.pace),
        visit.procedure.operation.suit(scenario.choose_failure(chance))
        if scenario.failures
        else None,
        visit.price,
        visit.call.origin,
        scenario,
        visit.is_chosen,
        find_callbacks(visit),
        visit.given or _NOTHING,
    )
    if visit.is_chosen:
        use_wish(visit)
    visit.account.put_task(task, visit.replay)
    return task


def find_callbacks(visit: Visit) -> Mapping[str, str]:
    """The addresses that a submit names for its operation's callbacks, by callback."""
    forms = visit.procedure.operation.callbacks
    if not forms:
        return _NOTHING
    found = {}
    for form in forms:
        place, names = form.source
        is_in_body = place == "request.body"
        url = look_up(visit.call.body, names) if is_in_body else _look_up(visit.call, place, names)
        if isinstance(url, str) and url:
            found[form.name] = url
    return found or _NOTHING


def _look_up(call: Call, place: str, names: tuple[str, ...]) -> object:
    if place == "request.header":
        return call.headers.get(names[0].lower())
    return (call.query if place == "request.query" else call.path).get(names[0])


def _draw_task(visit: Visit) -> tuple[int, Draw, str]:
    """How many equal submits were accepted before, chance for this one, and its id.

    Only repeated submits are counted: the first of its kind is told by its id, which is free.
    """
    digest, seeded = visit.digest, _open_draw(visit.account.seed, "task")
    occurrence = visit.holding.repeats.get(digest, 0)
    while True:
        chance = seeded.branch(b"%b %d" % (digest, occurrence))
        drawn = _draw_id(visit, chance, occurrence)
        if drawn is not None:
            return occurrence, chance, drawn
        occurrence += 1


def _draw_id(visit: Visit, chance: Draw, occurrence: int) -> str | None:
    """An id as the contract writes them, that is free; None if this very task is there already."""
    pattern, tasks = visit.scenario.ids or visit.call.contract.ids, visit.holding.tasks
    for attempt in _ATTEMPTS:
        drawn = chance.branch(visit.account.salt + attempt).fill(pattern)
        twin = tasks.get(drawn)
        if twin is None:
            return drawn
        if twin.occurrence == occurrence and twin.digest == visit.digest:
            return None
    where = f"{visit.call.contract.name}#/x-provider/ids"
    raise ContractError(where, f"{pattern!r} has no id left", "give it more digits")
