"""A whole recording held against contracts: one exchange after the other, each seen once."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

import orjson

from mockserver.contract.model import Contract, Operation
from mockserver.engine.nearest import explain_miss
from mockserver.record.drift.finding import Deviation, Finding, Place
from mockserver.record.drift.kind import Kind
from mockserver.record.drift.lifetime import Lifetimes
from mockserver.record.drift.reply import judge_body
from mockserver.record.drift.request import judge_request
from mockserver.record.drift.tally import Tally
from mockserver.record.exchange import Exchange
from mockserver.record.exchange import Kind as ExchangeKind
from mockserver.record.fit import (
    UNLISTED,
    Fit,
    Form,
    find_fit,
    list_callback_forms,
    list_forms,
)
from mockserver.record.redact import Redactor
from mockserver.record.secret_shapes import names_secret

MAX_STRANGERS: Final = 200  # different requests for no operation that are named

STATUS: Final = "HTTP status"
CONTENT_TYPE: Final = "content-type"
_LOOKED_AT: Final = frozenset({CONTENT_TYPE, "content-length"})

_ID: Final = re.compile(r"(?=[^/]*\d)[\w.-]{8,}|\d+(?:\.\w+)?")
_ABSENT: Final = object()


@dataclass
class Held:
    """What was held against one contract."""

    contract: Contract
    exchanges: int = 0  # with a reply that could be judged, callbacks included
    tasks: int = 0
    files: int = 0  # result files that were fetched; nothing in them is judged
    unanswered: int = 0  # without an answer, or without a recorded body


@dataclass
class Drift:
    """Where a recording and its contracts differ."""

    held: list[Held]
    findings: list[Finding]  # the worst first
    strangers: Mapping[str, int]  # requests for no operation, told with the nearest, with counts
    left_out: int  # differences beyond those that are told apart
    redactor: Redactor = field(repr=False)  # knows the keys of the recording


class Survey:
    """Takes exchanges that were recognised; it keeps a small record per task, and no exchange."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._held = {contract.name: Held(contract) for contract in contracts}
        self._lives = {name: Lifetimes(held.contract) for name, held in self._held.items()}
        self._forms: dict[tuple[str, str, str], tuple[Form, ...]] = {}
        self._tally = Tally()
        self._strangers: Counter[str] = Counter()
        self._redactor = Redactor()

    def see(self, exchange: Exchange) -> None:
        """Hold one exchange against its contract."""
        held = self._held.get(exchange.provider or "")
        if held is not None and exchange.kind is ExchangeKind.FILE:
            held.files += 1
            return
        operation = held.contract.operations.get(exchange.operation or "") if held else None
        if held is None or operation is None:
            self._note_stranger(exchange, held)
            return
        exchange = self._hide_secrets(exchange)
        if exchange.kind is ExchangeKind.CALLBACK:
            self._see_callback(held, operation, exchange)
        else:
            self._see_call(held, operation, exchange)

    def close(self) -> Drift:
        """Everything that was found."""
        for name, held in self._held.items():
            held.tasks = self._lives[name].count
        met = [each for each in self._held.values() if each.exchanges or each.unanswered]
        findings, strangers = self._tally.close(), dict(self._strangers.most_common())
        return Drift(met, findings, strangers, self._tally.left_out, self._redactor)

    def _see_call(self, held: Held, operation: Operation, exchange: Exchange) -> None:
        if exchange.status is None or exchange.error is not None or _has_lost_body(exchange):
            held.unanswered += 1
            return
        held.exchanges += 1
        name = held.contract.name
        body = _read_json(exchange.response_body)
        place = Place(name, operation.id, "reply", "", "")
        forms = self._find_forms(name, operation, "reply")
        if body is _ABSENT:
            shape = forms[0].shape
            value = f"HTTP {exchange.status}, {exchange.find_response_header('content-type')}"
            self._tally.judge(place)
            self._tally.add(place, Deviation(Kind.NOT_JSON, "", "JSON", value), exchange, shape)
            return
        fit = find_fit(forms, body, exchange.status)
        found = [*_judge_head(forms, fit, exchange), *judge_body(fit)]
        found += self._lives[name].see(operation, exchange, fit)
        self._add(place._replace(moment=fit.moment), found, exchange, fit)
        asked = place._replace(side="request")
        self._add(asked, judge_request(operation, exchange, fit), exchange, fit)

    def _see_callback(self, held: Held, operation: Operation, exchange: Exchange) -> None:
        forms = self._find_forms(held.contract.name, operation, "callback")
        body = _read_json(exchange.request_body)
        if body is _ABSENT or not forms:
            held.unanswered += 1
            return
        held.exchanges += 1
        fit = find_fit(forms, body, None)
        place = Place(held.contract.name, operation.id, "callback", fit.moment, "")
        self._add(place, judge_body(fit), exchange, fit)

    def _add(self, place: Place, found: Iterable[Deviation], exchange: Exchange, fit: Fit) -> None:
        self._tally.judge(place)
        for deviation in found:
            self._tally.add(place, deviation, exchange, fit.form.shape)

    def _find_forms(self, provider: str, operation: Operation, side: str) -> tuple[Form, ...]:
        key = (provider, operation.id, side)
        if key not in self._forms:
            list_own = list_callback_forms if side == "callback" else list_forms
            self._forms[key] = list_own(operation)
        return self._forms[key]

    def _hide_secrets(self, exchange: Exchange) -> Exchange:
        """The exchange as it may be shown; of its headers only those that are looked at."""
        keys = tuple(
            (name, value)
            for name, value in exchange.request_headers
            if name.lower() == CONTENT_TYPE or (names_secret(name) and "cookie" not in name.lower())
        )
        heads = tuple(h for h in exchange.response_headers if h[0].lower() in _LOOKED_AT)
        # A type, even if it is missing from the answer, is not to be lost among the headers.
        kept = heads or tuple(exchange.response_headers[:1])
        return self._redactor.redact(replace(exchange, request_headers=keys, response_headers=kept))

    def _note_stranger(self, exchange: Exchange, held: Held | None) -> None:
        if held is None and exchange.provider is not None:
            self._strangers[f"{exchange.provider}: was not asked for"] += 1
            return
        contracts = [held.contract] if held else [each.contract for each in self._held.values()]
        told = self._redactor.redact_text(_explain(contracts, exchange))
        if told not in self._strangers and len(self._strangers) >= MAX_STRANGERS:
            told = "further requests for no operation"
        self._strangers[told] += 1


def _explain(contracts: list[Contract], exchange: Exchange) -> str:
    """What a request for no operation was probably meant for; ids in its path are left out."""
    try:
        parts = urlsplit(exchange.url)
        host = parts.hostname or ""
    except ValueError:
        return f"{exchange.method} of an address that is none"
    path = "/".join("*" if _ID.fullmatch(part) else part for part in parts.path.split("/"))
    return f"{host}: {explain_miss(contracts, exchange.method, path)}"


def _judge_head(forms: tuple[Form, ...], fit: Fit, exchange: Exchange) -> Iterator[Deviation]:
    """What stands before the body: status and media type."""
    shape = fit.form.shape
    known = {form.shape.status for form in forms} if fit.moment == UNLISTED else {shape.status}
    if exchange.status not in known:
        yield Deviation(Kind.STATUS, STATUS, " or ".join(map(str, sorted(known))), exchange.status)
    media = exchange.find_response_header(CONTENT_TYPE)
    plain = (media or "").partition(";")[0].strip().lower()
    if exchange.response_headers and plain != shape.media_type:
        yield Deviation(Kind.CONTENT_TYPE, CONTENT_TYPE, shape.media_type, media)


def _has_lost_body(exchange: Exchange) -> bool:
    """Whether a recorder left the body of an answer out."""
    return not exchange.response_body and exchange.find_response_header("content-length") != "0"


def _read_json(data: bytes) -> object:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _ABSENT
