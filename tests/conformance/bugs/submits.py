"""Bugs of submits: what is ordered, how often and in which words."""

import json
from dataclasses import replace
from typing import Any

from imagejobs import (
    NotFound,
    calls,
    client,
    money,
)
from imagejobs.errors import GenerationFailed, ImageError
from tests.conformance.bugs.registry import (
    Patch,
    bug,
    patch_dialects,
    patch_ordering,
    switch_on,
)


@bug("repeats-what-was-refused")
def _(patch: Patch) -> None:
    patch(money, "may_repeat_submit", lambda error, **_: True)


@bug("calls-its-json-plain-text")
def _(patch: Patch) -> None:
    build = calls.Account.build_post

    def build_post(*given: Any) -> Any:
        request = build(*given)
        return replace(request, headers={**request.headers, "content-type": "text/plain"})

    patch(calls.Account, "build_post", build_post)


@bug("sends-fields-of-its-own")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        def build_submit(self: Any, prompt: str, order: Any) -> Any:
            path, body = build(self, prompt, order)
            return path, {**body, "x_mine": 1}

        return build_submit

    patch_dialects(patch, "build_submit", change)


@bug("says-nothing-of-itself")
def _(patch: Patch) -> None:
    build = calls.Account._build_headers
    patch(calls.Account, "_build_headers", lambda self: {**build(self), "user-agent": "python"})


@bug("mixes-up-prompts")
def _(patch: Patch) -> None:
    first: list[str] = []

    def look(prompt: str, order: Any) -> Any:
        first.append(prompt)
        return first[0], order

    patch_ordering(patch, look)


@bug("strips-what-is-not-ascii")
def _(patch: Patch) -> None:
    patch_ordering(patch, lambda prompt, order: (prompt.encode("ascii", "ignore").decode(), order))


@bug("orders-again-when-a-task-is-lost")
def _(patch: Patch) -> None:
    _order_again_after(patch, NotFound)


@bug("orders-again-what-has-failed")
def _(patch: Patch) -> None:
    _order_again_after(patch, GenerationFailed)


def _order_again_after(patch: Patch, kind: type[ImageError]) -> None:
    generate = client.Client.generate

    def generate_again(*given: Any, **words: Any) -> Any:
        try:
            return generate(*given, **words)
        except kind:
            return generate(*given, **words)

    patch(client.Client, "generate", generate_again)


@bug("asks-again-when-nobody-answers")
def _(patch: Patch) -> None:
    build = calls.Account.build_post
    patch(calls.Account, "build_post", lambda *given: replace(build(*given), timeout=0.3))
    switch_on("repeats-a-paid-submit", patch)


@bug("uses-one-name-for-all-orders")
def _(patch: Patch) -> None:
    build = calls.Account.build_post
    patch(
        calls.Account, "build_post", lambda self, path, body, _: build(self, path, body, "order-1")
    )


@bug("changes-an-order-between-attempts")
def _(patch: Patch) -> None:
    ask_once = calls.ask_once
    seen: list[Any] = []

    def ask(account: Any, request: Any, *rest: Any) -> Any:
        if request.body is not None:
            seen.append(request)
            body = {**json.loads(request.body), "attempt": len(seen)}
            request = replace(request, body=json.dumps(body).encode())
        return ask_once(account, request, *rest)

    patch(calls, "ask_once", ask)
