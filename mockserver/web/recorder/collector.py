"""Fetches result files for a recording: once each, within bounds, without anybody's key."""

from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from mockserver.clock import Clock
from mockserver.errors import UsageError
from mockserver.record.exchange import Exchange, Headers, Kind
from mockserver.version import VERSION
from mockserver.web.callbacks.addresses import read_address
from mockserver.web.callbacks.get import open_target
from mockserver.web.callbacks.targets import Held, Resolve, Target, Targets
from mockserver.web.recorder.upstream import name_error, read_headers

MAX_FILE: Final = 64 * 1024 * 1024
MAX_HOPS: Final = 5
TIMEOUT: Final = httpx.Timeout(60.0, connect=15.0)
AGENT: Final = f"mockserver-recorder/{VERSION}"


class Collector:
    """Goes where replies point, but not into networks that the live API has no business with."""

    def __init__(
        self,
        clock: Clock,
        *,
        is_local: bool,
        max_bytes: int = MAX_FILE,
        resolve: Resolve | None = None,
    ) -> None:
        self._clock = clock
        self._is_local = is_local  # the API is on this machine, so its files may be as well
        self._max_bytes = max_bytes
        self._resolve = resolve
        self._client = httpx.AsyncClient(trust_env=False)

    async def fetch(self, url: str) -> Exchange:
        """The exchange of a file; what went wrong stands in it."""
        started = self._clock.now()
        status: int | None = None
        headers: Headers = ()
        body, error = b"", None
        notes: tuple[str, ...] = ()
        try:
            response = await self._follow(url)
            status, headers = response.status_code, read_headers(response)
            try:
                body = await self._read(response)
            finally:
                await response.aclose()
        except Held as reason:
            error, notes = "held", (f"not fetched: {reason}",)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            error = name_error(problem)
        if error is None and len(body) > self._max_bytes:
            body, error = b"", "too-large"
        return Exchange(
            started=started,
            elapsed=max(0, self._clock.now() - started),
            method="GET",
            url=url,
            request_headers=(("User-Agent", AGENT),),
            status=status,
            response_headers=headers,
            response_body=body,
            error=error,
            kind=Kind.FILE,
            notes=notes,
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def _follow(self, url: str) -> httpx.Response:
        for _ in range(MAX_HOPS):
            response = await self._ask(url)
            where = response.headers.get("location")
            if not response.is_redirect or where is None:
                return response
            await response.aclose()
            try:
                url = urljoin(url, where)
            except ValueError as error:
                raise Held(f"it leads on to what is no address: {error}") from error
        raise Held(f"it leads on more than {MAX_HOPS} times")

    async def _ask(self, url: str) -> httpx.Response:
        target = await self._check(url)
        return await open_target(
            self._client, target, {"User-Agent": AGENT, "Accept": "*/*"}, TIMEOUT
        )

    async def _check(self, url: str) -> Target:
        try:
            host = urlsplit(url).hostname or ""
            target = await Targets([host], resolve=self._resolve).check(url)
        except (ValueError, UsageError) as error:
            raise Held(f"it is no address: {error}") from error
        found = [read_address(address) for address in target.addresses]
        if not self._is_local and not all(each is not None and each.is_global for each in found):
            raise Held(f"{host} is in a network of this machine's own")
        return target

    async def _read(self, response: httpx.Response) -> bytes:
        """The body; one byte more than allowed shows that there is more."""
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                break
        return bytes(body[: self._max_bytes + 1])
