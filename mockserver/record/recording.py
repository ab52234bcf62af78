"""A recording that is being made: recognised, redacted, written, one exchange at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from mockserver.contract.model import Contract
from mockserver.errors import RecordingError, UsageError
from mockserver.record.blobs import Blobs
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import HarWriter, read_har, write_har
from mockserver.record.recognise import Recogniser
from mockserver.record.redact import Redactor, SecretRemains, find_last_number
from mockserver.record.sight import find_texts, read_json


class Mode(StrEnum):
    """What to do with what was recorded before."""

    ONCE = "once"  # refuse to touch it
    NEW = "new"  # add to it
    ALL = "all"  # throw it away


@dataclass
class Summary:
    """What a recording holds."""

    exchanges: int = 0
    files: int = 0
    callbacks: int = 0
    errors: int = 0
    dropped: int = 0  # that were not written, because a secret was left in them
    tasks: set[str] = field(default_factory=set)

    def count(self, exchange: Exchange) -> None:
        """One more."""
        self.exchanges += 1
        self.files += exchange.kind is Kind.FILE
        self.callbacks += exchange.kind is Kind.CALLBACK
        self.errors += exchange.error is not None
        if exchange.task_id is not None:
            self.tasks.add(exchange.task_id)


class Recording:
    """The one way into a file: no exchange is written that was not redacted and looked through.

    Raises UsageError if there is a recording that the mode does not let go, RecordingError if it
    cannot be gone on with.
    """

    def __init__(
        self,
        path: Path,
        contracts: Iterable[Contract],
        mode: Mode = Mode.ONCE,
        secrets: Iterable[str] = (),
        tape: Mapping[str, object] | None = None,
    ) -> None:
        served = list(contracts)
        self.path = path
        self.summary = Summary()
        self._contracts = {contract.name: contract for contract in served}
        self._tape = {"redacted": True, **(tape or {})}
        self._addresses: dict[str, None] = {}  # of results that were not fetched yet
        self._fetched: set[str] = set()
        self._recogniser = Recogniser(served)
        _make_room(path, mode)
        self.redactor = Redactor(secrets, list_header_names(served), _find_first(path))
        self._writer = HarWriter(
            path, append=mode is Mode.NEW, tape=self._tape, check=self.redactor.check
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, exchange: Exchange) -> Exchange:
        """Write an exchange; how it was recognised, with its secrets.

        If a secret stays in it in spite of all, it is left out, and `summary.dropped` counts it.
        """
        seen = self._recogniser.recognise(exchange)
        self._note_results(seen)
        try:
            self._writer.add(self.redactor.redact(seen))
        except SecretRemains:
            self.summary.dropped += 1
        else:
            self.summary.count(seen)
        return seen

    def take_addresses(self) -> list[str]:
        """Addresses of results that came up and were never fetched; each is given once."""
        found = list(self._addresses)
        self._fetched.update(found)
        self._addresses.clear()
        return found

    def close(self) -> None:
        """End the file; it is written anew if an early exchange holds a secret that came later."""
        self._writer.close()
        if self.redactor.late and not self._is_clean():
            self._write_anew()

    def _note_results(self, exchange: Exchange) -> None:
        if exchange.kind is Kind.FILE:
            self._fetched.add(exchange.url)
            self._addresses.pop(exchange.url, None)
        contract = self._contracts.get(exchange.provider or "")
        operation = contract.operations.get(exchange.operation or "") if contract else None
        if operation is None or exchange.kind is not Kind.CALL:
            return
        reply = read_json(exchange.response_body)
        for url in find_texts(operation.shapes.values(), "task.results", reply):
            if url.startswith(("http://", "https://")) and url not in self._fetched:
                self._addresses[url] = None

    def _is_clean(self) -> bool:
        try:
            for exchange in read_har(self.path):
                self.redactor.check(repr(exchange).encode())
                self.redactor.check(exchange.request_body)
                self.redactor.check(exchange.response_body)
        except SecretRemains:
            return False
        return True

    def _write_anew(self) -> None:
        """By rename; then the side files that nobody mentions any more go."""
        clean = (self.redactor.redact(exchange) for exchange in read_har(self.path))
        write_har(self.path, clean, tape=self._tape)
        kept = {exchange.blob for exchange in read_har(self.path, with_blobs=False)}
        Blobs(self.path).clear(kept)


def list_header_names(contracts: Iterable[Contract]) -> set[str]:
    """The headers that contracts speak of: they are data, not secrets."""
    return {
        name
        for contract in contracts
        for operation in contract.operations.values()
        for name in (
            *(p.name for p in operation.parameters if p.where == "header"),
            *(name for shape in operation.shapes.values() for name in shape.headers),
        )
    }


def _make_room(path: Path, mode: Mode) -> None:
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: there is no such folder; make it first")
    if mode is Mode.ONCE and path.exists():
        raise UsageError(
            f"{path} is there already; --mode new adds to it, --mode all throws it away"
        )
    if mode is Mode.ALL:
        path.unlink(missing_ok=True)
        Blobs(path).clear()


def _find_first(path: Path) -> int:
    """The number of the next placeholder: one that an older part of the file uses is taken."""
    if not path.exists():
        return 1
    try:
        with path.open("rb") as file:
            return find_last_number(file) + 1
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error
