"""The log for people: one line for each request that did not go as its sender hoped."""

from collections.abc import Callable

from mockserver.engine.events import Event, EventKind, Events
from mockserver.engine.journal import Entry
from mockserver.web.options import ignore_notice


class Watch:
    """Listens to what happens, and reports what people should see."""

    def __init__(self, events: Events, notice: Callable[[str], None]) -> None:
        self._notice = notice
        if notice is not ignore_notice:
            events.watch(self._report_event)

    def report(self, text: str) -> None:
        """Report a line."""
        self._notice(text)

    def _report_event(self, event: Event) -> None:
        entry = event.subject
        if isinstance(entry, Entry) and (entry.condition or entry.notes or entry.fault):
            is_near_miss = event.kind is EventKind.STRAY and entry.operation is None
            self._notice("; ".join(entry.notes) if is_near_miss else describe(entry))


def describe(entry: Entry) -> str:
    """One line about a request: what it was, why it was refused, what is odd about it."""
    target = entry.target if len(entry.target) <= 200 else f"{entry.target[:199]}…"
    verdict = f"refused: {entry.condition}" if entry.condition else "answered"
    if entry.scenario and entry.condition == entry.scenario.replace("-", "_"):
        verdict += ", as its scenario asks"
    if entry.fault:
        verdict += f", by the fault {entry.fault}"
    details = [violation.message for violation in entry.violations][:3] + list(entry.notes)
    line = f"{entry.method} {target} {verdict} ({entry.status})"
    return f"{line}; {'; '.join(details)}" if details else line
