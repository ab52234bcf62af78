"""The only module that knows the HTTP library: httpx, or another one of the same shape.

Errors are told apart by the names of their classes, so that httpx2's are understood as well.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Final

import httpx

from imagejobs.wire import Answer, Reply, Request, Trouble

# Raised before any byte of a request can have left.
NEVER_SENT: Final = {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"}
MARGIN: Final = 0.25  # seconds, for the library to say itself that the time is up
KNOWN: Final = {"HTTPError", "InvalidURL", "OSError"}


def build_http() -> httpx.Client:
    """The HTTP client that `Client` uses if it is given none."""
    return httpx.Client(follow_redirects=False)


def build_async_http() -> httpx.AsyncClient:
    """The HTTP client that `AsyncClient` uses if it is given none."""
    return httpx.AsyncClient(follow_redirects=False)


def send(http: Any, request: Request) -> Answer:
    """Send in a thread that is left behind when the time is up.

    The library's own limits are per read: a server that sends a byte now and then keeps them from
    ever being reached.
    """
    answers: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()
    is_over = threading.Event()

    def run() -> None:
        try:
            answers.put(_exchange(http, request, is_over.is_set))
        except BaseException as error:  # noqa: BLE001 - handed over to the caller's thread
            answers.put(error)

    threading.Thread(target=run, name="imagejobs", daemon=True).start()
    try:
        answer = answers.get(timeout=request.timeout + MARGIN)
    except queue.Empty:
        return _explain_slowness(request)
    finally:
        is_over.set()
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _exchange(http: Any, request: Request, is_over: Callable[[], bool]) -> Answer:
    try:
        with http.stream(**_build_arguments(request)) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > request.max_bytes or is_over():
                    break
            return _build_reply(response, body, request)
    except Exception as error:  # noqa: BLE001 - what is not the library's is raised again
        return _explain(error)


async def asend(http: Any, request: Request) -> Answer:
    """Send in the running event loop, within the time that the request may take."""
    try:
        async with asyncio.timeout(request.timeout):
            async with http.stream(**_build_arguments(request)) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > request.max_bytes:
                        break
                return _build_reply(response, body, request)
    except TimeoutError:
        return _explain_slowness(request)
    except Exception as error:  # noqa: BLE001 - what is not the library's is raised again
        return _explain(error)


def _build_arguments(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "content": request.body,
        "timeout": request.timeout,
        "follow_redirects": False,  # they would carry the key along
        "auth": None,  # whatever the given client would add
    }


def _build_reply(response: Any, body: bytearray, request: Request) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    is_cut = len(body) > request.max_bytes
    return Reply(response.status_code, headers, b"" if is_cut else bytes(body), is_cut)


def _explain_slowness(request: Request) -> Trouble:
    return Trouble(f"there was no whole answer within {request.timeout:.3g} s")


def _explain(error: Exception) -> Trouble:
    names = {kind.__name__ for kind in type(error).__mro__}
    if not names & KNOWN:
        raise error
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Trouble(words, sent=not names & NEVER_SENT)
