"""Records what an httpx client says to a live API, in the same process: two transports.

    with httpx.Client(transport=RecordingTransport("tasks.har", provider=NAME)) as client: ...

What `mockserver record` hides is hidden here too, result files that the client did not fetch are
fetched at the end, and `max_credits` is kept. A callback has to reach a server, so it is not seen.
"""

import asyncio
from pathlib import Path
from typing import Final

import httpx

from mockserver.transports.tape import open_tape
from mockserver.transports.tee import tee

MAX_FILE: Final = 64 * 1024 * 1024  # bytes of a result that is fetched at the end


class RecordingTransport(httpx.BaseTransport):
    """Records into a HAR file what goes through another transport.

    `provider` is a name, or the folder of a contract; `mode` once, new or all as in `mockserver
    record`. Raises UsageError for what cannot go together.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        provider: str | Path,
        mode: str = "once",
        max_credits: float | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.tape = open_tape(path, provider, mode, max_credits)
        self._inner = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and note down what it says and gets."""
        call = self.tape.begin(request, request.read())
        if isinstance(call, httpx.Response):
            return call
        try:
            response = self._inner.handle_request(request)
        except httpx.HTTPError as error:
            self.tape.end(call, error)
            raise
        return tee(response, call, self.tape)

    def close(self) -> None:
        """Fetch the results that nobody has fetched, and end the file."""
        for request in self.tape.take_requests():
            try:
                _read_some(self.handle_request(request))
            except httpx.HTTPError:
                continue  # which is recorded
        self.tape.close()
        self._inner.close()


class AsyncRecordingTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient`."""

    def __init__(
        self,
        path: str | Path,
        *,
        provider: str | Path,
        mode: str = "once",
        max_credits: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.tape = open_tape(path, provider, mode, max_credits)
        self._inner = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and note down what it says and gets."""
        call = self.tape.begin(request, await request.aread())
        if isinstance(call, httpx.Response):
            return call
        try:
            response = await self._inner.handle_async_request(request)
        except httpx.HTTPError as error:
            self.tape.end(call, error)
            raise
        except asyncio.CancelledError:  # but the live API may have taken it, at its price
            self.tape.leave(call)
            raise
        return tee(response, call, self.tape)

    async def aclose(self) -> None:
        """Fetch the results that nobody has fetched, and end the file."""
        for request in self.tape.take_requests():
            try:
                response = await self.handle_async_request(request)
                await _read_some_async(response)
            except httpx.HTTPError:
                continue  # which is recorded
        self.tape.close()
        await self._inner.aclose()


def _read_some(response: httpx.Response) -> None:
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > MAX_FILE:
            break
    response.close()


async def _read_some_async(response: httpx.Response) -> None:
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_FILE:
            break
    await response.aclose()
