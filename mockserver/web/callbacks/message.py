"""The request that delivers a callback: method, headers with a signature, body."""

from dataclasses import dataclass
from typing import Final

from mockserver.engine.accounts.account import Account
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.callbacks.signature import sign
from mockserver.version import VERSION
from mockserver.web.callbacks.targets import Target
from mockserver.web.control.guard import CALLBACK_AGENT

AGENT: Final = f"{CALLBACK_AGENT}/{VERSION}"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a receiver."""

    method: str
    headers: dict[str, str]
    body: bytes


def write_message(target: Target, account: Account, delivery: Delivery, now: int) -> Message:
    """The request of an attempt that is made now, in milliseconds on the wall clock."""
    twist = delivery.twist
    body = find_signed(delivery) if twist.body is None else twist.body
    media_type = twist.media_type or delivery.media_type if twist.method == "POST" else None
    headers = build_headers(target, media_type, body)
    return Message(twist.method, headers | sign_delivery(account, delivery, now), body)


def build_headers(target: Target, media_type: str | None, body: bytes) -> dict[str, str]:
    """The headers of a message, without its signature; one without a media type has no body."""
    headers = {"Host": target.authority}
    if media_type is not None:
        headers |= {"Content-Type": media_type, "Content-Length": str(len(body))}
    return headers | {"User-Agent": AGENT, "Connection": "close"}


def sign_delivery(account: Account, delivery: Delivery, now: int) -> dict[str, str]:
    """The headers that sign the body that should come, if the account has a secret for it."""
    terms, secret, twist = delivery.terms.signature, account.webhook_secret, delivery.twist
    if terms is None or not secret:
        return {}
    # A signature's time is the wall clock of the attempt, wherever the account's clock is.
    parts = {
        "id": f"msg_{account.id}_{delivery.copy_of or delivery.number}",
        "task.id": delivery.task_id,
        "timestamp": str((now - twist.age) // 1000),
    }
    used = secret if twist.secret is None else twist.secret
    return sign(terms, used, parts, find_signed(delivery))


def find_signed(delivery: Delivery) -> bytes:
    """The body that is signed, in the spelling in which it is sent."""
    spelling = delivery.twist.spelling
    return delivery.body if spelling is None else spelling
