"""The log for people: one line for each request that did not go as its sender hoped."""

from collections.abc import Callable

from mockserver.engine.call import Call
from mockserver.engine.engine import Engine
from mockserver.engine.journal import Entry
from mockserver.web.options import ignore_notice


class Watch:
    """Reads what the journals just got, and reports what people should see."""

    def __init__(self, engine: Engine, notice: Callable[[str], None]) -> None:
        self._engine = engine
        self._notice = notice
        self._is_on = notice is not ignore_notice
        self._strays = engine.strays
        self._seen = 0  # entries of that journal

    def report(self, text: str) -> None:
        """Report a line."""
        self._notice(text)

    def report_call(self, call: Call) -> None:
        """Report the call that was just answered, if it was refused or looked odd."""
        if not self._is_on:
            return
        entry = self._take_stray()
        if entry is None and call.key is not None:
            account = self._engine.find_account(call.key)
            entry = account.journal.entries[-1] if account else None
        if entry is not None and (entry.condition is not None or entry.notes):
            self._notice(describe(entry))

    def report_stray(self) -> None:
        """Report the request for no operation that was just answered."""
        entry = self._take_stray() if self._is_on else None
        if entry is not None:
            self._notice("; ".join(entry.notes))

    def _take_stray(self) -> Entry | None:
        """The last entry of the journal of strays, if it was not taken before."""
        strays = self._engine.strays
        is_new = strays is not self._strays or strays.total != self._seen
        self._strays, self._seen = strays, strays.total
        return strays.entries[-1] if is_new and strays.entries else None


def describe(entry: Entry) -> str:
    """One line about a request: what it was, why it was refused, what is odd about it."""
    target = entry.target if len(entry.target) <= 200 else f"{entry.target[:199]}…"
    verdict = f"refused: {entry.condition}" if entry.condition else "answered"
    if entry.scenario and entry.condition == entry.scenario.replace("-", "_"):
        verdict += ", as its scenario asks"
    details = [violation.message for violation in entry.violations][:3] + list(entry.notes)
    line = f"{entry.method} {target} {verdict} ({entry.status})"
    return f"{line}; {'; '.join(details)}" if details else line
