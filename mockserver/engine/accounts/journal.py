"""What was asked and answered: the last entries, within a number of bytes."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.validate import Violation
from mockserver.engine.accounts.key import MOCK_PREFIX, read_key
from mockserver.engine.accounts.remarks import cut_remarks, measure_remarks
from mockserver.engine.accounts.shelf import Shelf
from mockserver.engine.settings import Settings

_OVERHEAD: Final = 1_000  # bytes of an entry besides what is measured of it, roughly
_HARMLESS: Final = f"Bearer {MOCK_PREFIX}"
_SECRET: Final = frozenset({"cookie", "proxy-authorization", "x-api-key", "x-mock-token"})


class Entry(Struct, gc=False):
    """One request and its reply. It holds what was at hand; views are made when asked for."""

    seq: int  # counts all entries of a journal
    at: int  # milliseconds on the account's clock
    provider: str | None
    operation: str | None
    method: str
    target: str  # path and query as sent
    headers: Mapping[str, str]  # without a key that may be real
    request: bytes
    status: int
    reply: bytes
    condition: str | None  # why it was refused
    violations: Sequence[Violation]
    notes: Sequence[str]  # what is odd about the request, refused or not
    scenario: str | None
    task_id: str | None
    fault: str | None = None  # the one that acted
    number: int = 0  # counts all requests that a server got, from 1
    extra: int = 0  # bytes of its head and its remarks, roughly; none if others share its strings


class Journal:
    """A list of entries from which the oldest fall out."""

    __slots__ = (
        "_max_body",
        "_max_bytes",
        "_max_entries",
        "_shelf",
        "_size",
        "entries",
        "numbers",
        "total",
    )

    def __init__(
        self,
        settings: Settings,
        max_entries: int,
        numbers: Iterator[int] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._shelf = shelf  # None if it shares its room with nobody
        self.numbers = count(1) if numbers is None else numbers  # shared by a server's journals
        self.entries: deque[Entry] = deque()
        self.total = 0  # entries ever added; the next one's seq
        self._size = 0
        self._max_entries = max_entries
        self._max_bytes = settings.max_journal_bytes
        self._max_body = settings.max_body_bytes

    def add(self, entry: Entry) -> Entry:
        """Put an entry at the end, what is long of it cut; the entry as it is kept."""
        most = self._max_body
        if len(entry.request) > most or len(entry.reply) > most:
            entry = replace(entry, request=entry.request[:most], reply=entry.reply[:most])
        if entry.notes or entry.violations:
            entry.violations, entry.notes = cut_remarks(entry.violations, entry.notes)
            entry.extra += measure_remarks(entry.violations, entry.notes)
        growth = measure_entry(entry)
        entries = self.entries
        entries.append(entry)
        self.total += 1
        while len(entries) > self._max_entries or (
            self._size + growth > self._max_bytes and entries
        ):
            growth -= measure_entry(entries.popleft())
        self._size += growth
        if self._shelf is not None and growth:
            self._shelf.take(growth)
        return entry

    def clear(self) -> None:
        """Forget the entries; counting goes on."""
        self.entries.clear()
        if self._shelf is not None:
            self._shelf.used -= self._size
        self._size = 0

    def release(self) -> None:
        """Forget the entries, and share no room with others any more."""
        self.clear()
        self._shelf = None


def measure_entry(entry: Entry) -> int:
    """How many bytes an entry takes, roughly; in few steps, as it is asked for with every call."""
    return _OVERHEAD + entry.extra + len(entry.request) + len(entry.reply)


def measure_head(target: str, headers: Mapping[str, str]) -> int:
    """How many bytes the head of a request takes, roughly."""
    return len(target) + sum(map(len, headers)) + sum(map(len, headers.values()))


def hide_keys(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Headers as they may be kept: what may open something real is not shown in full."""
    sent = headers.get("authorization")
    if sent is not None and not sent.startswith(_HARMLESS):
        scheme, _, token = sent.partition(" ")
        headers = {**headers, "authorization": f"{scheme} {read_key(token.strip()).label}"}
    if not _SECRET.isdisjoint(headers):
        headers = {**headers, **dict.fromkeys(_SECRET.intersection(headers), "…")}
    return headers
