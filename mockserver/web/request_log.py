"""The log for people: one line for each request that did not go as its sender hoped."""

from collections.abc import Callable
from typing import Final

from mockserver.contract.validate import Violation
from mockserver.engine.accounts.journal import Entry
from mockserver.engine.events import Event, EventKind, Events
from mockserver.web.options import ignore_notice

_LIMIT: Final = 'this is the provider\'s limit, on the key\'s clock; {"tier": "unlimited"} lifts it'
WAYS_OUT: Final = {
    "rate_limited": _LIMIT,
    "too_many_active": _LIMIT,
    "insufficient_credits": "POST /_mock/accounts/{key}/credits gives more",
}
MAX_MESSAGE: Final = 300  # characters of what is wrong with a value


class Watch:
    """Listens to what happens, and reports what people should see."""

    def __init__(self, events: Events, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._explained: set[str] = set()
        if notice is not ignore_notice:
            events.watch(self._report_event)

    def report(self, text: str) -> None:
        """Report a line."""
        self._notice(text)

    def _report_event(self, event: Event) -> None:
        entry = event.subject
        if isinstance(entry, Entry) and (entry.condition or entry.notes or entry.fault):
            is_near_miss = event.kind is EventKind.STRAY and entry.operation is None
            self._notice("; ".join(entry.notes) if is_near_miss else self._tell(entry))

    def _tell(self, entry: Entry) -> str:
        """A line about a request, with what can be done about it if nobody was told before."""
        line, condition = describe(entry), entry.condition
        if condition not in WAYS_OUT or entry.fault or is_asked_for(entry):
            return line
        if condition in self._explained:
            return line
        self._explained.add(condition)
        return f"{line}; {WAYS_OUT[condition]}"


def describe(entry: Entry) -> str:
    """One line about a request: what it was, why it was refused, what is odd about it."""
    target = entry.target if len(entry.target) <= 200 else f"{entry.target[:199]}…"
    verdict = f"refused: {entry.condition}" if entry.condition else "answered"
    if is_asked_for(entry):
        verdict += ", as its scenario asks"
    if entry.fault:
        verdict += f", with the fault {entry.fault}"
    details = [describe_violation(each) for each in entry.violations[:3]] + list(entry.notes)
    line = f"{entry.method} {target} {verdict} ({entry.status})"
    return f"{line}; {'; '.join(details)}" if details else line


def is_asked_for(entry: Entry) -> bool:
    """Whether a call was refused because its scenario is to refuse it."""
    return bool(entry.scenario) and entry.condition == str(entry.scenario).replace("-", "_")


def describe_violation(violation: Violation) -> str:
    """Where a request breaks the contract, and how, in a few words.

    The message begins with the value, which may be a prompt of any length: its middle is left out.
    """
    place = violation.pointer or violation.field
    text = violation.message
    if len(text) > MAX_MESSAGE:
        text = f"{text[: MAX_MESSAGE // 2]}…{text[-MAX_MESSAGE // 2 :]}"
    # A text about the body as a whole, or one that names its field, needs no place.
    return text if place == "body" or place in text else f"{place}: {text}"
