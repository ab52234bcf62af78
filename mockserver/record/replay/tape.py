"""A tape, the index of recordings: whoever made them, sorted into tasks, other calls and files."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Final

from mockserver.contract.model import Contract, Role
from mockserver.contract.shape import Shape
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import Place, read_places
from mockserver.record.lanes import StepReader
from mockserver.record.recognise import Recogniser
from mockserver.record.replay.ask import Ask, read_ask
from mockserver.record.replay.breakdown import find_end
from mockserver.record.replay.reel import Frame, Reel, Submit
from mockserver.record.sight import find_texts, read_json
from mockserver.record.signpost import Signpost

POLLS: Final = frozenset({Role.INSPECT, Role.COLLECT, Role.CANCEL})
FILE_FACTS: Final = ("task.results", "task.originals", "link.address", "upload.address")

Key = tuple[str, str]  # a provider, and an operation or a task


class Tape:
    """What can be played; only where exchanges stand is in memory, not what they say."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self.contracts = {contract.name: contract for contract in contracts}
        self.reels: list[Reel] = []
        self.tasks: dict[Key, Reel] = {}
        self.others: dict[Key, list[Frame]] = {}  # calls that belong to no task, in their order
        self.files: dict[str, list[Frame]] = {}  # by address
        self.addresses: dict[str, int] = {}  # of files, recorded or only named; each a number
        self._urls: list[str] = []  # by that number
        self.count = 0  # exchanges that can be played
        self.errors: Counter[str] = Counter()  # in which calls ended that can be played
        self.broken = 0  # that have no whole answer, and tell nothing that could be played
        self.strange = 0  # that are for no contract here
        self.signpost = Signpost(self.contracts.values())
        self._reader = StepReader(self.contracts.values())

    @property
    def providers(self) -> list[str]:
        """Those that occur, in the contracts' order."""
        found = {provider for provider, _ in (*self.tasks, *self.others)}
        found |= {reel.contract.name for reel in self.reels}
        return [name for name in self.contracts if name in found]

    def list_submits(self, provider: str, operation: str) -> list[Submit]:
        """The reels that a submit could begin."""
        return [
            Submit(reel, reel.submit)
            for reel in self.reels
            if reel.contract.name == provider and reel.submit and reel.submit.operation == operation
        ]

    def list_operations(self, provider: str) -> dict[str, int]:
        """How many calls of each operation are recorded."""
        counts: dict[str, int] = {}
        for (name, operation), frames in self.others.items():
            if name == provider:
                counts[operation] = len(frames)
        for reel in (reel for reel in self.reels if reel.contract.name == provider):
            for frame in [reel.submit] if reel.submit else []:
                counts[frame.operation] = counts.get(frame.operation, 0) + 1
            for operation, frames in reel.polls.items():
                counts[operation] = counts.get(operation, 0) + len(frames)
        return counts

    def find_address(self, number: int) -> str | None:
        """The address of a file with this number."""
        return self._urls[number] if number < len(self._urls) else None

    def find_file(self, address: str) -> Frame | None:
        """The recorded fetch of an address: a whole one if there is one, else the last."""
        frames = self.files.get(address) or self.files.get(address.partition("?")[0], [])
        whole = [frame for frame in frames if frame.has_ended]
        return next(reversed([*frames, *whole]), None)

    def _add(self, place: Place, exchange: Exchange) -> None:
        contract = self.contracts.get(exchange.provider or "")
        if contract is None:
            self.strange += 1
        elif exchange.kind is Kind.CALLBACK:
            self._add_callback(contract, place, exchange)
        elif not _can_be_told(exchange):
            self.broken += 1
        elif exchange.kind is Kind.FILE:
            self._add_file(contract, place, exchange)
        elif ask := read_ask(exchange, self.signpost):
            self._add_call(ask, place, exchange)
        else:
            self.strange += 1

    def _add_callback(self, contract: Contract, place: Place, exchange: Exchange) -> None:
        if exchange.task_id is None or exchange.operation is None:
            self.strange += 1
            return
        forms = contract.operations[exchange.operation].callbacks
        shapes = [shape for form in forms for shape in form.shapes.values()]
        frame = Frame(
            place,
            exchange.started,
            exchange.operation,
            exact=blake2b(exchange.request_body, digest_size=16).digest(),
            has_ended=200 <= (exchange.status or 0) < 300,
            addresses=self._note(shapes, exchange.request_body),
            url=exchange.url,
        )
        self.count += 1
        told = self._find_reel(contract, exchange.task_id).callbacks
        if told and told[-1].exact == frame.exact and not told[-1].has_ended:
            # A further attempt at one that was not taken: how often we try, our receiver decides.
            told[-1] = replace(told[-1], has_ended=frame.has_ended)
        else:
            told.append(frame)

    def _add_file(self, contract: Contract, place: Place, exchange: Exchange) -> None:
        frame = Frame(place, exchange.started, "", has_ended=_is_whole(exchange), url=exchange.url)
        self.files.setdefault(exchange.url, []).append(frame)
        self._number(exchange.url)
        if exchange.task_id is not None:
            self._find_reel(contract, exchange.task_id).files.append(frame)
        self.count += 1

    def _add_call(self, ask: Ask, place: Place, exchange: Exchange) -> None:
        contract, operation = ask.contract, ask.operation
        shapes = operation.shapes.values()
        addresses = self._note(shapes, exchange.response_body)
        error = exchange.error
        frame = Frame(place, exchange.started, operation.id, error=error, addresses=addresses)
        self.count += 1
        if error is not None:
            self.errors[error] += 1
        if operation.role is Role.SUBMIT:
            frame = replace(frame, exact=ask.exact, alike=ask.alike)
            reel = self._find_reel(contract, exchange.task_id if error is None else None)
            if reel.submit is None:
                reel.submit, reel.urls = frame, ask.callbacks
        elif operation.role in POLLS and exchange.task_id is not None:
            step = self._reader.read(exchange)
            names = tuple(state.name for state in step.states) or step.moments
            if error is not None:
                names = (error if exchange.status is None else f"{error} in an answer",)
            frame = replace(frame, names=names, has_ended=step.has_ended)
            reel = self._find_reel(contract, exchange.task_id)
            reel.polls.setdefault(operation.id, []).append(frame)
        else:
            frame = replace(frame, exact=ask.exact, alike=ask.alike)
            self.others.setdefault((contract.name, operation.id), []).append(frame)

    def _find_reel(self, contract: Contract, task_id: str | None) -> Reel:
        reel = None if task_id is None else self.tasks.get((contract.name, task_id))
        if reel is None:
            reel = Reel(len(self.reels), contract, task_id)
            self.reels.append(reel)
            if task_id is not None:
                self.tasks[contract.name, task_id] = reel
        return reel

    def _note(self, shapes: Iterable[Shape], data: bytes) -> tuple[str, ...]:
        found = list(_find_addresses(list(shapes), read_json(data)))
        for url in found:
            self._number(url)
        return tuple(found)

    def _number(self, url: str) -> None:
        if url not in self.addresses:
            self.addresses[url] = len(self._urls)
            self._urls.append(url)

    def _sort(self) -> None:
        """A recorder may write an exchange when it ends; what counts is when it began."""
        self.reels.sort(key=lambda reel: reel.started)
        for number, reel in enumerate(self.reels):
            reel.number = number
            reel.callbacks.sort(key=lambda frame: frame.started)
        for frames in self.others.values():
            frames.sort(key=lambda frame: frame.started)


def read_tape(paths: Iterable[Path], contracts: Iterable[Contract]) -> Tape:
    """The tape of some HAR files; raises RecordingError for what is none."""
    tape = Tape(contracts)
    for path in paths:
        recogniser = Recogniser(tape.contracts.values())
        for place, exchange in read_places(path):
            tape._add(place, recogniser.recognise(exchange))  # noqa: SLF001 - it is not ready yet
    tape._sort()  # noqa: SLF001
    return tape


def _find_addresses(shapes: list[Shape], body: object) -> Iterator[str]:
    for fact in FILE_FACTS:
        for url in find_texts(shapes, fact, body):
            if url.startswith(("http://", "https://")):
                yield url


def _can_be_told(exchange: Exchange) -> bool:
    if exchange.error is None:
        return exchange.status is not None
    # A file that could not be fetched is one that the recording only names.
    return exchange.kind is Kind.CALL and find_end(exchange.error) is not None


def _is_whole(exchange: Exchange) -> bool:
    return exchange.status == 200 and bool(exchange.response_body)
