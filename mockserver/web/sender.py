"""One attempt at a delivery: a POST to an address that was checked, within bounds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple

import httpx

from mockserver.web.targets import Target

MAX_ANSWER: Final = 64 * 1024  # bytes of an answer that are read
MAX_KEPT: Final = 2_000  # characters of an answer that are kept


class Answer(NamedTuple):
    """What came back: an HTTP status and the beginning of a body, or why there was none."""

    status: int | None
    body: str
    problem: str | None = None


class Sender:
    """Keeps connections to receivers; follows no redirects and no proxy settings."""

    def __init__(self, connections: int) -> None:
        self._http = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=connections, keepalive_expiry=5),
            timeout=httpx.Timeout(None),  # each attempt has the contract's own, in all
            trust_env=False,
            follow_redirects=False,
        )

    async def post(
        self, target: Target, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """Send a body and read the answer; never raises for what a receiver does."""
        read = bytearray()
        try:
            async with asyncio.timeout(seconds), self._open(target, headers, body) as response:
                async for chunk in response.aiter_raw():
                    read += chunk
                    if len(read) >= MAX_ANSWER:
                        break
                status = response.status_code
        except TimeoutError:
            return Answer(None, "", f"no answer within {seconds:g} s")
        except (httpx.HTTPError, OSError) as error:
            return Answer(None, "", f"{type(error).__name__}: {error}".rstrip(": "))
        return Answer(status, read[:MAX_KEPT].decode("utf-8", "replace"))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @contextlib.asynccontextmanager
    async def _open(
        self, target: Target, headers: Mapping[str, str], body: bytes
    ) -> AsyncIterator[httpx.Response]:
        """The answer to a POST that goes to the checked address, under the name asked for."""
        address = f"[{target.address}]" if ":" in target.address else target.address
        url = f"{target.scheme}://{address}:{target.port}{target.path}"
        named = {"sni_hostname": target.host}
        async with self._http.stream(
            "POST", url, content=body, headers=dict(headers), extensions=named
        ) as response:
            yield response
