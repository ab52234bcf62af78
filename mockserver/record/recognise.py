"""Classifies plain exchanges: provider, operation, role, task; files and callbacks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from mockserver.contract.expression import look_up
from mockserver.contract.model import CallbackForm, Contract, Operation
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.sight import find_texts, read_json
from mockserver.record.signpost import Match, Signpost

CALLBACK: Final = "callback"  # the role of a call that the provider makes
FILE: Final = "file"  # the role of a fetched result

T = TypeVar("T")

MAX_REMEMBERED: Final = 200_000  # addresses, and tasks, of one recording


class Recogniser:
    """Annotates exchanges in their order; it remembers addresses of results and callbacks.

    What an exchange says of itself already is kept.
    """

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._contracts = {contract.name: contract for contract in contracts}
        self._signpost = Signpost(self._contracts.values())
        self._results: dict[str, tuple[str, str | None]] = {}  # address -> provider and task
        self._addresses: dict[str, tuple[str, str]] = {}  # of callbacks -> provider and operation
        self._tasks: dict[str, tuple[str, str]] = {}  # task -> provider and submitting operation

    def recognise(self, exchange: Exchange) -> Exchange:
        """The exchange with what can be seen in it; unchanged if it belongs to no contract."""
        reply = read_json(exchange.response_body)
        if exchange.kind is Kind.CALL and (match := self._find_call(exchange, reply)):
            return self._annotate_call(exchange, match, reply)
        if exchange.kind is not Kind.CALLBACK and (found := self._find_result(exchange.url)):
            provider, task = found
            return _fill(exchange, Kind.FILE, provider=provider, role=FILE, task_id=task)
        if exchange.kind is not Kind.FILE and exchange.method == "POST":
            return self._annotate_callback(exchange)
        return exchange

    def _find_call(self, exchange: Exchange, reply: object) -> Match | None:
        known = self._contracts.get(exchange.provider or "")
        name = exchange.operation or ""
        if known is not None and name in known.operations:
            found = self._signpost.find(exchange.method, exchange.url)
            path = next((m.path for m in found if m.operation.id == name), {})
            return Match(known, known.operations[name], path)
        matches = self._signpost.find(exchange.method, exchange.url)
        if len(matches) > 1:
            # One path, several providers: the reply tells them apart.
            matches.sort(key=lambda match: not _accepts(match.operation, reply))
        return matches[0] if matches else None

    def _annotate_call(self, exchange: Exchange, match: Match, reply: object) -> Exchange:
        contract, operation = match.contract, match.operation
        shapes = operation.shapes.values()
        body = read_json(exchange.request_body)
        sources = _read_request(operation, "link.source", exchange, match, body)
        named = [
            exchange.task_id,
            *_read_request(operation, "task.id", exchange, match, body),
            *find_texts(shapes, "task.id", reply),
            *(found[1] for url in sources if (found := self._find_result(url))),
        ]
        task = next((each for each in named if each), None)
        if task is not None:
            self._remember(self._tasks, task, (contract.name, operation.id))
        for fact in ("task.results", "task.originals", "link.address"):
            for url in find_texts(shapes, fact, reply):
                if url.startswith(("http://", "https://")):
                    self._remember(self._results, url, (contract.name, task))
        for _, url in list_callbacks(operation, exchange, body):
            self._remember(self._addresses, url, (contract.name, operation.id))
        return _fill(
            exchange,
            Kind.CALL,
            provider=contract.name,
            operation=operation.id,
            role=operation.role.value,
            task_id=task,
        )

    def _annotate_callback(self, exchange: Exchange) -> Exchange:
        body = read_json(exchange.request_body)
        if not isinstance(body, dict):
            return exchange
        known = self._addresses.get(exchange.url)
        for name, operation, form in self._list_callbacks():
            shapes = list(form.shapes.values())
            task = next(find_texts(shapes, "task.id", body), None)
            if task is not None and task in self._tasks:
                is_ours = self._can_tell(name, operation, *self._tasks[task])
            else:
                is_ours = (name, operation.id) == known or any(s.accepts(body) for s in shapes)
            if is_ours:
                seen = {"provider": name, "operation": operation.id, "task_id": task}
                return _fill(exchange, Kind.CALLBACK, role=CALLBACK, **seen)
        return exchange

    def _can_tell(self, name: str, operation: Operation, provider: str, first: str) -> bool:
        """Whether an operation's callback may be about a task of which another one spoke first."""
        if name != provider:
            return False
        contract = self._contracts[provider]
        sources = contract.find_sources(contract.operations[first])
        return operation.id in {each.id for each in sources}

    def _list_callbacks(self) -> Iterator[tuple[str, Operation, CallbackForm]]:
        for name, contract in self._contracts.items():
            for operation in contract.operations.values():
                for form in operation.callbacks:
                    yield name, operation, form

    def _find_result(self, url: str) -> tuple[str, str | None] | None:
        return self._results.get(url) or self._results.get(url.partition("?")[0])

    def _remember(self, memory: dict[str, T], name: str, value: T) -> None:
        if len(memory) < MAX_REMEMBERED:
            memory.setdefault(name, value)


def recognise(exchange: Exchange, contracts: Iterable[Contract]) -> Exchange:
    """One exchange by itself; see `Recogniser` for many that belong together."""
    return Recogniser(contracts).recognise(exchange)


def recognise_all(
    exchanges: Iterable[Exchange], contracts: Iterable[Contract]
) -> Iterator[Exchange]:
    """Exchanges in their order, each with what can be seen in it and in those before it."""
    recogniser = Recogniser(contracts)
    return map(recogniser.recognise, exchanges)


def list_callbacks(
    operation: Operation, exchange: Exchange, body: object
) -> Iterator[tuple[str, str]]:
    """Name and address of each callback that a submit asks for."""
    for form in operation.callbacks:
        place, names = form.source
        url: object = None
        if place == "request.body":
            url = look_up(body, names)
        elif place == "request.query":
            url = dict(parse_qsl(exchange.url.partition("?")[2])).get(names[0])
        elif place == "request.header":
            url = exchange.find_request_header(names[0])
        if isinstance(url, str) and url:
            yield form.name, url


def _read_request(
    operation: Operation, fact: str, exchange: Exchange, match: Match, body: object
) -> list[str]:
    """The values of a fact that a request carries, in its parameters or its body."""
    query = dict(parse_qsl(exchange.url.partition("?")[2]))
    found: list[object] = []
    for parameter in operation.parameters:
        if parameter.fact == fact and parameter.where == "header":
            found.append(exchange.find_request_header(parameter.name))
        elif parameter.fact == fact:
            found.append((match.path if parameter.where == "path" else query).get(parameter.name))
    if operation.body is not None and isinstance(body, dict):
        variant = operation.body.choose(body)
        found.append(variant.read(body).get(fact) if variant else None)
    return [value for value in found if isinstance(value, str) and value]


def _accepts(operation: Operation, reply: object) -> bool:
    return any(shape.accepts(reply) for shape in operation.shapes.values())


def _fill(exchange: Exchange, kind: Kind, **seen: str | None) -> Exchange:
    """An exchange with what was seen, where it does not say so itself."""
    told: dict[str, str | None] = {
        name: getattr(exchange, name) or value for name, value in seen.items()
    }
    return replace(exchange, kind=kind, **told)  # type: ignore[arg-type]  # its text fields
