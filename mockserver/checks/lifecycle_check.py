"""The lifecycle of tasks as a check class of schemathesis."""

from typing import TYPE_CHECKING, Any

import orjson

from mockserver.checks.subject import find_contract, find_operation, find_task_id
from mockserver.contract.watch import LifecycleWatch

if TYPE_CHECKING:
    from schemathesis import Case, CheckContext, Response


class LifecycleCheck:
    """Fails where a task goes back, changes after its end, or does not end.

    Schemathesis makes one for a whole run, so task ids have to be unique in it. `max_polls`, also a
    key of `[checks.LifecycleCheck]` in schemathesis.toml, is how often a task may be asked for and
    still be open: polls of schemathesis follow each other closely, so give it only where every
    poll lets time go by.
    """

    def __init__(self, max_polls: int | None = None) -> None:
        self._max_polls = max_polls
        self._watches: dict[int, LifecycleWatch] = {}  # by contract

    def after_response(self, _: "CheckContext", response: "Response", case: "Case[Any]") -> None:
        """Take note of a response; raise AssertionError with everything that it breaks."""
        contract = find_contract(case)
        watch = self._watches.get(id(contract))
        if watch is None:
            watch = self._watches[id(contract)] = LifecycleWatch(contract, self._max_polls)
        operation = find_operation(contract, case)
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            return
        breaches = watch.see(operation, body, find_task_id(operation, case))
        if breaches:
            raise AssertionError("\n".join(map(str, breaches)))
