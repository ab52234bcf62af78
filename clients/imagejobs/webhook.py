"""Callbacks: whether one is really from KIE.AI, and what it says.

KIE.AI signs if a key is set on its settings page: `X-Webhook-Signature` is the base64 of
HMAC-SHA256 over "<task id>.<X-Webhook-Timestamp>". The body is not signed.
See https://docs.kie.ai/common-api/webhook-verification. So a signature proves that there is news
of a task, and not what it is: take a callback as a reason to poll. The other providers document
no signature at all.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any, Final

from imagejobs.decode import decode_json, read_text
from imagejobs.dialects import choose_dialect
from imagejobs.errors import Details, ImageError, Unauthorized, Unreadable
from imagejobs.models import Task

__all__ = ["TOLERANCE", "read", "sign", "verify"]

TOLERANCE: Final = 300.0  # seconds; no page states one


def sign(task_id: str, timestamp: str, secret: str) -> str:
    """The signature that KIE.AI would send."""
    digest = hmac.new(secret.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance: float | None = TOLERANCE,
    now: float | None = None,
) -> str:
    """The task's id, if KIE.AI's callback is signed with the secret and fresh; else Unauthorized.

    What else the body says is not signed: ask for the task by its id.
    `tolerance` is in seconds, None switches it off; `now` is in seconds since the epoch.
    """
    if not secret:
        raise _refuse("there is no secret to check it with")
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get("x-webhook-timestamp", "")
    signature = given.get("x-webhook-signature", "")
    if not timestamp or not signature:
        raise _refuse("X-Webhook-Timestamp or X-Webhook-Signature is missing")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise _refuse("X-Webhook-Timestamp is no number of seconds")
    task_id = read_task_id(_decode(body))
    expected = sign(task_id, timestamp, secret)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise _refuse("the signature does not match")
    age = (time.time() if now is None else now) - int(timestamp)
    if tolerance is not None and abs(age) > tolerance:
        raise _refuse(f"it was signed {abs(age):.0f} s {'ago' if age > 0 else 'from now'}")
    return task_id


def read(provider: str, body: bytes) -> Task:
    """What a callback says of its task, in the form of a poll; unproved. Raises Unreadable."""
    dialect, envelope = choose_dialect(provider), _decode(body)
    try:
        return dialect.read_task(envelope.get("data"), read_task_id(envelope))
    except ValueError as error:
        raise Unreadable(f"the callback cannot be read: {error}; poll instead") from error


def read_task_id(envelope: Mapping[str, Any]) -> str:
    """The id at data.taskId, else data.task_id, else taskId; pages and receivers disagree."""
    data = envelope.get("data")
    fields = data if isinstance(data, dict) else {}
    places = [fields.get("taskId"), fields.get("task_id"), envelope.get("taskId")]
    found = next((text for text in map(read_text, places) if text), None)
    if found is None:
        raise Unreadable("the callback names no task; poll instead")
    return found


def _decode(body: bytes) -> dict[str, Any]:
    try:
        found = decode_json(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreadable("the callback is no JSON object; poll instead")
    return found


def _refuse(why: str) -> ImageError:
    text = f"the callback is not to be believed: {why}; ignore it"
    return Unauthorized(text, Details(condition="bad-signature"))
