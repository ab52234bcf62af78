"""Fetches a file for an upload that gives its address, from where callbacks may go as well."""

import asyncio
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from mockserver.contract.model import UploadTerms
from mockserver.engine.call import Attachment, Malformed
from mockserver.web.callbacks.targets import Held, Target, Targets

if TYPE_CHECKING:
    import httpx

OK: Final = 200


async def fetch_file(url: str, targets: Targets, terms: UploadTerms) -> Attachment | Malformed:
    """The file at an address, or why it cannot be had; no redirect is followed, no proxy asked."""
    try:
        async with asyncio.timeout(terms.within / 1000):
            return await _fetch(url, await targets.check(url), terms)
    except Held as reason:
        return Malformed(f"{url} is not fetched: {reason}")
    except TimeoutError:
        return Malformed(f"{url} cannot be fetched: it took more than {terms.within / 1000:g} s")
    except OSError as error:
        return Malformed(f"{url} cannot be fetched: {error}")


async def _fetch(url: str, target: Target, terms: UploadTerms) -> Attachment | Malformed:
    # It takes longer to import than most servers live without this.
    import httpx

    from mockserver.web.callbacks.get import open_target

    timeout = httpx.Timeout(terms.within / 1000)
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await open_target(client, target, {"Accept-Encoding": "identity"}, timeout)
            try:
                return await _read(url, answer, terms.max_bytes)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            return Malformed(f"{url} cannot be fetched: {str(error) or type(error).__name__}")


async def _read(url: str, answer: "httpx.Response", max_bytes: int) -> Attachment | Malformed:
    if answer.status_code != OK:
        return Malformed(f"{url} cannot be fetched: it answered {answer.status_code}")
    content = bytearray()
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) > max_bytes:
            return Malformed(f"{url} is larger than {max_bytes} bytes")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Attachment(find_name(url), media_type or None, bytes(content))


def find_name(url: str) -> str | None:
    """The name of the file at an address, if it has one with an extension."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return name if "." in name.strip(".") else None
