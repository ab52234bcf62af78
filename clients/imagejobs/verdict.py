"""What a reply means: the HTTP status and the body's code are both read, the worse one counts.

KIE.AI answers refusals with HTTP 200 and a code in the body (public recordings, 2026-04 to
2026-10), its pages speak of HTTP statuses; aigptimage.com and gptimage15.ai use both.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from imagejobs import hints
from imagejobs.decode import decode_json, read_number, read_text
from imagejobs.errors import (
    Conflict,
    Details,
    GenerationFailed,
    ImageError,
    InvalidRequest,
    Misused,
    NotFound,
    OutOfCredits,
    RateLimited,
    Unauthorized,
    Unavailable,
    Unreachable,
    Unreadable,
)
from imagejobs.models import Failure
from imagejobs.wire import Answer, Reply, Trouble

Meaning = tuple[type[ImageError], str]

BY_CODE: Final[dict[int, Meaning]] = {
    400: (InvalidRequest, "invalid-request"),
    401: (Unauthorized, "unauthorized"),
    402: (OutOfCredits, "insufficient-credits"),
    403: (Unauthorized, "unauthorized"),
    404: (NotFound, "not-found"),
    408: (Unavailable, "upstream-timeout"),
    409: (Conflict, "conflict"),
    410: (NotFound, "expired"),
    425: (Unavailable, "too-early"),
    429: (RateLimited, "rate-limited"),
    433: (OutOfCredits, "key-limit-reached"),
    455: (Unavailable, "maintenance"),
    501: (GenerationFailed, "generation-failed"),
    505: (Unavailable, "feature-disabled"),
}

# KIE.AI uses 422 and 500 for several things and tells them apart by text (public client code).
BY_TEXT: Final[list[tuple[re.Pattern[str], Meaning]]] = [
    (
        re.compile(r"recordInfo is null|record does not exist", re.IGNORECASE),
        (NotFound, "not-found"),
    ),
    (re.compile(r"credits?.*insufficient|insufficient.*credits?", re.IGNORECASE), BY_CODE[402]),
    (re.compile(r"is required|not within the range", re.IGNORECASE), BY_CODE[400]),
]
WORDED: Final = {422, 500}

ADVICE: Final[dict[type[ImageError], str]] = {
    InvalidRequest: "change the request",
    Unauthorized: "check the key",
    OutOfCredits: "top up, or raise the key's limit",
    NotFound: "check the id and the base URL; results and tasks expire",
    Conflict: "wait until a task has ended, or give another request id",
    RateLimited: "try again later, and more slowly",
    Unavailable: "try again later",
    GenerationFailed: "try again, perhaps with another prompt",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A reply's body, read as far as it goes."""

    code: int
    message: str
    data: Any
    retry_after: float | None


def judge(answer: Answer, provider: str, now: float) -> Envelope:
    """The envelope of a good reply; raises the error that any other one means."""
    if isinstance(answer, Trouble):
        condition = "no-answer" if answer.sent else "connect-failed"
        text = f"{provider} did not answer: {answer.text}; try again, or check the base URL"
        raise Unreachable(text, Details(provider=provider, condition=condition))
    envelope = read_envelope(answer, provider, now)
    error = find_refusal(envelope, provider)
    if error is not None:
        raise error
    return envelope


def read_envelope(reply: Reply, provider: str, now: float) -> Envelope:
    """Code, words, data and hint of a reply; Unreadable if a good status has a bad body."""
    if 300 <= reply.status < 400:
        target = reply.headers.get("location", "somewhere else")
        raise Misused(
            f"{provider} redirects to {target!r}; calls with a key follow no redirect, "
            f"so check the base URL",
            Details(provider=provider, condition="redirected", code=reply.status),
        )
    try:
        body = decode_json(b"" if reply.is_cut else reply.body)
    except ValueError:
        body = None
    code = read_code(reply.status, body)
    hint = hints.read_retry_after(reply.headers, body, now)
    if code is None:
        raise Unreadable(
            f"{provider} answered {reply.status} with a body that is no reply of its API "
            f"({reply.body[:60]!r}); try again later",
            Details(provider, "unreadable", reply.status, retry_after=hint),
        )
    fields = body if isinstance(body, dict) else {}
    words = (fields.get(name) for name in ("msg", "message", "error"))
    message = next((text for text in map(read_text, words) if text), "")
    return Envelope(code, message, fields.get("data"), hint)


def read_code(status: int, body: Any) -> int | None:
    """The code that counts; None if the status is good and the body says nothing."""
    found = read_number(body.get("code")) if isinstance(body, dict) else None
    code = int(found) if found is not None else None
    if status // 100 == 2:
        return code
    return code if code is not None and code // 100 != 2 else status


def find_refusal(envelope: Envelope, provider: str) -> ImageError | None:
    """The error that an envelope means, or None if it is a good one."""
    if envelope.code // 100 == 2:
        return None
    kind, condition = find_meaning(envelope.code, envelope.message)
    said = f" {envelope.message!r}" if envelope.message else ""
    hint = "" if envelope.retry_after is None else f" in {envelope.retry_after:g} s"
    text = f"{provider} answered {envelope.code}{said}; {ADVICE[kind]}{hint}"
    has_failed = kind is GenerationFailed
    details = Details(
        provider=provider,
        condition=condition,
        code=envelope.code,
        message=envelope.message,
        retry_after=envelope.retry_after,
        failure=Failure(str(envelope.code), envelope.message) if has_failed else None,
    )
    return kind(text, details)


def find_meaning(code: int, message: str) -> Meaning:
    """Error class and condition of a code that is no success."""
    if code in WORDED:
        for pattern, meaning in BY_TEXT:
            if pattern.search(message):
                return meaning
    if code in BY_CODE:
        return BY_CODE[code]
    if 400 <= code < 500:
        return InvalidRequest, "invalid-request"
    return Unavailable, "server-error"
