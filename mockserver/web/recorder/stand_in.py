"""A proxy for callbacks: its addresses replace the client's, so that the call is recorded too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from mockserver.clock import Clock
from mockserver.contract.expression import look_up
from mockserver.contract.model import CallbackForm, Operation
from mockserver.draw import make_token
from mockserver.record.exchange import Exchange, Headers, Kind
from mockserver.record.sight import read_json
from mockserver.record.spelling import list_spellings
from mockserver.web.callbacks.attempt import try_delivery
from mockserver.web.callbacks.message import Message
from mockserver.web.callbacks.sender import Sender
from mockserver.web.callbacks.targets import Held, Target, Targets
from mockserver.web.recorder.upstream import HOP_BY_HOP

PREFIX: Final = "/_callbacks/"
MAX_PLACES: Final = 10_000

# However often a slash is escaped.
_OURS: Final = re.compile(rb"_callbacks\\*/([0-9a-f]{32})")
_SET_ANEW: Final = HOP_BY_HOP | {"host", "content-length", "connection"}


@dataclass(frozen=True, slots=True)
class Substitute:
    """One address of ours, and the client's that it stands for."""

    url: str  # ours
    client_url: str
    provider: str
    operation: Operation
    form: CallbackForm


class StandIn:
    """Gives out addresses below a base, and passes on what comes there."""

    def __init__(self, base: str, targets: Targets, clock: Clock) -> None:
        self._base = base.rstrip("/")
        self._targets = targets
        self._clock = clock
        self._sender = Sender()
        self._places: dict[str, Substitute] = {}  # by token

    @property
    def is_used(self) -> bool:
        """Whether any address was given out."""
        return bool(self._places)

    def replace(self, provider: str, operation: Operation, body: bytes) -> bytes:
        """A submit that names our address instead of the client's."""
        value = read_json(body)
        for form, names, url in _list_named(operation, value):
            if len(self._places) >= MAX_PLACES:
                del self._places[next(iter(self._places))]  # the oldest: its task is long over
            token = make_token()
            ours = f"{self._base}{PREFIX}{token}"
            self._places[token] = Substitute(ours, url, provider, operation, form)
            body = _put(body, names, url, ours)
        return body

    def restore(self, data: bytes) -> bytes:
        """What comes from the provider, with the client's addresses again."""
        for token in dict.fromkeys(_OURS.findall(data)):
            place = self._places.get(token.decode())
            for ours, theirs in list_spellings(place.url, place.client_url) if place else ():
                data = data.replace(ours, theirs)
        return data

    def find(self, path: str) -> Substitute | None:
        """The place behind a path of ours."""
        return self._places.get(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None

    async def pass_on(self, place: Substitute, headers: Headers, body: bytes) -> Exchange:
        """Call the client; the exchange as it would have been without us."""
        started = self._clock.now()
        body = self.restore(body)
        status: int | None = None
        answer, error = "", None
        notes: tuple[str, ...] = ()

        def build(target: Target) -> Message:
            return Message("POST", _write_headers(target, headers, body), body)

        seconds = place.form.terms.within / 1000
        try:
            outcome = await try_delivery(
                self._sender, self._targets, place.client_url, seconds, build
            )
        except Held as reason:
            error, notes = "held", (f"held back: {reason}",)
        else:
            status, answer = outcome.answer or (None, "")
            if outcome.problem is not None:
                error, notes = "timeout" if outcome.is_late else "unanswered", (outcome.problem,)
        return Exchange(
            started=started,
            elapsed=max(0, self._clock.now() - started),
            method="POST",
            url=place.client_url,
            request_headers=headers,
            request_body=body,
            status=status,
            response_body=answer.encode(),
            error=error,
            provider=place.provider,
            operation=place.operation.id,
            kind=Kind.CALLBACK,
            notes=notes,
        )


def list_callback_urls(operation: Operation, body: bytes) -> list[str]:
    """The addresses that a submit names in its body."""
    return [url for _, _, url in _list_named(operation, read_json(body))]


def _list_named(
    operation: Operation, value: object
) -> Iterator[tuple[CallbackForm, tuple[str, ...], str]]:
    for form in operation.callbacks:
        where, names = form.source
        url = look_up(value, names) if where == "request.body" else None
        if isinstance(url, str) and url:
            yield form, names, url


def _put(body: bytes, names: tuple[str, ...], old: str, new: str) -> bytes:
    """A body with another value at one place; its other bytes stay if that is possible."""
    for theirs, ours in list_spellings(old, new):
        if body.count(theirs) == 1:
            return body.replace(theirs, ours)
    value = orjson.loads(body)
    parent = look_up(value, names[:-1])
    if isinstance(parent, dict):
        parent[names[-1]] = new
    return orjson.dumps(value)


def _write_headers(target: Target, headers: Headers, body: bytes) -> dict[str, str]:
    kept = {name: value for name, value in headers if name.lower() not in _SET_ANEW}
    own = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close"}
    return {**kept, **own}
