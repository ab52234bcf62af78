"""The two clients: one waits for its answers, the other is awaited."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Self, TypeVar

import httpx

from mockserver.control_client.calls import Calls, write_event_filters
from mockserver.control_client.exchange import Exchange
from mockserver.control_client.reading import EventReader, read_near_miss
from mockserver.control_client.views import EventView
from mockserver.errors import ControlFailed, ExpectationFailed

T = TypeVar("T")

EXPECTATION_FAILED: Final = 417

# Seconds. An advance is answered within 20, and a stream says every 15 that it lives.
_TIMEOUT: Final = httpx.Timeout(30, connect=5)
_STREAM_TIMEOUT: Final = httpx.Timeout(60, connect=5)


class ControlClient(Calls):
    """Asks the server at an address, such as "http://127.0.0.1:8787", and waits for the answer.

    Every method raises ControlFailed where the server refuses or gives no answer.
    """

    def __init__(
        self, url: str, token: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(transport=transport, **_write_settings(url, token))

    def make(self, exchange: Exchange[T]) -> T:
        """Send what an exchange says, and read the answer."""
        with _explain(self._http):
            return _read_reply(exchange, self._http.send(_build_request(self._http, exchange)))

    @contextmanager
    def events(
        self, account: str | None = None, kinds: Iterable[str] = (), limit: int | None = None
    ) -> Iterator[Iterator[EventView]]:
        """What happens from now on: of one account, of some kinds, so many. Use it in a `with`."""
        request = _build_stream(self._http, write_event_filters(account, kinds, limit))
        with _explain(self._http):
            reply = self._http.send(request, stream=True)
            if not reply.is_success:
                reply.read()
        try:
            _check(reply)
            yield self._read_events(reply)
        finally:
            reply.close()

    def _read_events(self, reply: httpx.Response) -> Iterator[EventView]:
        reader = EventReader()
        with _explain(self._http):
            for piece in reply.iter_bytes():
                yield from reader.read(piece)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncControlClient(Calls):
    """Does what ControlClient does, for those who await it."""

    def __init__(
        self, url: str, token: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx.AsyncClient(transport=transport, **_write_settings(url, token))

    async def make(self, exchange: Exchange[T]) -> T:
        """Send what an exchange says, and read the answer."""
        with _explain(self._http):
            reply = await self._http.send(_build_request(self._http, exchange))
            return _read_reply(exchange, reply)

    @asynccontextmanager
    async def events(
        self, account: str | None = None, kinds: Iterable[str] = (), limit: int | None = None
    ) -> AsyncIterator[AsyncIterator[EventView]]:
        """What happens from now on: of one account, of some kinds, so many; in `async with`."""
        request = _build_stream(self._http, write_event_filters(account, kinds, limit))
        with _explain(self._http):
            reply = await self._http.send(request, stream=True)
            if not reply.is_success:
                await reply.aread()
        try:
            _check(reply)
            yield self._read_events(reply)
        finally:
            await reply.aclose()

    async def _read_events(self, reply: httpx.Response) -> AsyncIterator[EventView]:
        reader = EventReader()
        with _explain(self._http):
            async for piece in reply.aiter_bytes():
                for event in reader.read(piece):
                    yield event

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _write_settings(url: str, token: str | None) -> dict[str, Any]:
    """What both kinds of HTTP client are told; a proxy of the environment knows no loopback."""
    headers = {} if token is None else {"X-Mock-Token": token}
    return {"base_url": url, "headers": headers, "timeout": _TIMEOUT, "trust_env": False}


def _build_request(
    http: httpx.Client | httpx.AsyncClient, exchange: Exchange[Any]
) -> httpx.Request:
    return http.build_request(
        exchange.method, exchange.path, json=exchange.body, params=exchange.query
    )


def _build_stream(http: httpx.Client | httpx.AsyncClient, query: dict[str, Any]) -> httpx.Request:
    return http.build_request("GET", "/_mock/events", params=query, timeout=_STREAM_TIMEOUT)


@contextmanager
def _explain(http: httpx.Client | httpx.AsyncClient) -> Iterator[None]:
    """Say of a connection that failed where it went."""
    try:
        yield
    except (httpx.TransportError, httpx.InvalidURL) as error:
        problem = str(error) or type(error).__name__
        hint = "is a server running there?"
        raise ControlFailed(None, f"no answer from {http.base_url}: {problem}", hint) from error


def _check(reply: httpx.Response) -> None:
    """Raise ControlFailed if a call was refused, with the reason that the server gives."""
    if reply.is_success:
        return
    try:
        found = json.loads(reply.content)
        error, hint = str(found["error"]), str(found.get("hint", ""))
        near = [read_near_miss(row) for row in found.get("near_misses", ())]
    except (ValueError, TypeError, KeyError):
        error, hint, near = f"HTTP status {reply.status_code}, and no reason", "", []
    if reply.status_code == EXPECTATION_FAILED:
        raise ExpectationFailed(error, near)
    raise ControlFailed(reply.status_code, error, hint)


def _read_reply(exchange: Exchange[T], reply: httpx.Response) -> T:
    _check(reply)
    try:
        return exchange.read(json.loads(reply.content))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        text = f"{exchange.method} {exchange.path} was answered with something else"
        hint = "is it a mockserver of this version that listens there?"
        raise ControlFailed(reply.status_code, text, hint) from error
