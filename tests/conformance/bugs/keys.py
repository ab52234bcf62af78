"""Bugs of keys: where the key goes."""

from dataclasses import replace
from typing import Any, Final

from imagejobs import (
    calls,
    fetch,
    transport,
)
from imagejobs.errors import ImageError
from imagejobs.wire import Reply
from tests.conformance.bugs.registry import Patch, bug

HOPS: Final = 30


@bug("puts-the-key-into-the-address")
def _(patch: Patch) -> None:
    build = calls.Account.build_get

    def build_get(self: Any, path: str) -> Any:
        return build(self, f"{path}{'&' if '?' in path else '?'}key={self.key}")

    patch(calls.Account, "build_get", build_get)


@bug("follows-redirects-blindly")
def _(patch: Patch) -> None:
    exchange = transport._exchange

    def follow(http: Any, request: Any, is_over: Any) -> Any:
        answer = exchange(http, request, is_over)
        for _ in range(HOPS):
            if not isinstance(answer, Reply) or answer.status // 100 != 3:
                break
            request = replace(request, url=fetch.join(request.url, answer.headers["location"]))
            answer = exchange(http, request, is_over)
        if isinstance(answer, Reply) and answer.status // 100 == 3:
            return replace(answer, status=503)  # the client itself would end at a redirect
        return answer

    patch(transport, "_exchange", follow)


@bug("prints-the-key")
def _(patch: Patch) -> None:
    ask_once = calls.ask_once

    def ask(account: Any, *given: Any) -> Any:
        try:
            return (yield from ask_once(account, *given))
        except ImageError as error:
            raise RuntimeError(f"{error}, asked with {account.key}") from error

    patch(calls, "ask_once", ask)
