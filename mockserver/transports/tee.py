"""A body that is noted down while it is read."""

from collections.abc import AsyncIterator, Iterator

import httpx

from mockserver.transports.tape import Call, Tape
from mockserver.web.recorder.upstream import read_headers


def tee(response: httpx.Response, call: Call, tape: Tape) -> httpx.Response:
    """A response that is written to the tape once it was read."""
    call.status, call.headers = response.status_code, read_headers(response)
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=Tee(response.stream, call, tape),
        extensions=response.extensions,
    )


class Tee(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A stream, and the call that it belongs to."""

    def __init__(
        self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, call: Call, tape: Tape
    ) -> None:
        self._stream = stream
        self._call = call
        self._end = tape.end

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx.SyncByteStream)  # noqa: S101 - given by our transport
        try:
            for chunk in self._stream:
                self._call.raw += chunk
                yield chunk
        except httpx.HTTPError as error:
            self._end(self._call, error)
            raise
        self._end(self._call)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._stream, httpx.AsyncByteStream)  # noqa: S101 - given by our transport
        try:
            async for chunk in self._stream:
                self._call.raw += chunk
                yield chunk
        except httpx.HTTPError as error:
            self._end(self._call, error)
            raise
        self._end(self._call)

    def close(self) -> None:
        self._end(self._call, note="the answer was not read to its end")
        if isinstance(self._stream, httpx.SyncByteStream):
            self._stream.close()

    async def aclose(self) -> None:
        self._end(self._call, note="the answer was not read to its end")
        if isinstance(self._stream, httpx.AsyncByteStream):
            await self._stream.aclose()
