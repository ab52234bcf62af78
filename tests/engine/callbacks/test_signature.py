import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.delivery import SignatureTerms
from mockserver.engine.callbacks.signature import sign

PLAIN = SignatureTerms(
    "hmac-sha256-base64",
    ("task.id", "timestamp"),
    ".",
    {"signature": "X-Signature", "timestamp": "X-Timestamp"},
)
STANDARD = SignatureTerms(
    "standard-webhooks",
    ("id", "timestamp", "body"),
    ".",
    {"id": "webhook-id", "signature": "webhook-signature", "timestamp": "webhook-timestamp"},
)
TASK = "0123456789abcdef0123456789abcdef"
PARTS = {"id": "msg_1", "task.id": TASK, "timestamp": "1700000000"}

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def sign_by_hand(key: bytes, content: bytes) -> str:
    """RFC 2104 with nothing but a hash."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + content).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
    return base64.b64encode(outer).decode()


def flip(text: str, bit: int) -> str:
    """The text with one of its lower seven bits per letter turned over."""
    place, bit = divmod(bit, 7)
    return text[:place] + chr(ord(text[place]) ^ (1 << bit)) + text[place + 1 :]


def test_the_plain_scheme_gives_the_known_signature() -> None:
    """Key, task and time of a vector that was computed elsewhere give its signature."""
    headers = sign(PLAIN, "test-webhook-key", PARTS, b"whatever")

    assert headers == {
        "X-Signature": "SCTEdidWHrAhYkQTHcKwdBO1h7BJLeD2DiRnq26n1zY=",
        "X-Timestamp": "1700000000",
    }


@pytest.mark.parametrize(
    ("secret", "number", "timestamp", "body", "signature"),
    [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            "1731705121",
            b'{"event_type":"ping","data":{"success":true}}',
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
    ],
    ids=["reference libraries", "how to verify by hand"],
)
def test_the_standard_scheme_gives_the_published_signatures(
    secret: str, number: str, timestamp: str, body: bytes, signature: str
) -> None:
    """The vectors of the Standard Webhooks libraries and of Svix's documentation come out."""
    parts = {"id": number, "task.id": TASK, "timestamp": timestamp}

    assert sign(STANDARD, secret, parts, body) == {
        "webhook-id": number,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }


@given(secret=texts, task=texts, timestamp=st.integers(0, 10**12), body=st.binary())
def test_the_plain_scheme_is_an_hmac_of_the_secret_as_written(
    secret: str, task: str, timestamp: int, body: bytes
) -> None:
    """Whatever the secret is, its letters are the key; the body is not signed."""
    parts = {"id": "1", "task.id": task, "timestamp": str(timestamp)}

    expected = sign_by_hand(secret.encode(), f"{task}.{timestamp}".encode())

    assert sign(PLAIN, secret, parts, body)["X-Signature"] == expected


@given(key=st.binary(min_size=24, max_size=64), body=st.binary(), prefix=st.booleans())
def test_the_standard_scheme_is_an_hmac_of_the_decoded_secret(
    key: bytes, body: bytes, prefix: bool
) -> None:
    """The key is what the base64 stands for, with and without `whsec_`; the body is signed."""
    secret = "whsec_" * prefix + base64.b64encode(key).decode()

    expected = "v1," + sign_by_hand(key, b"msg_1.1700000000." + body)

    assert sign(STANDARD, secret, PARTS, body)["webhook-signature"] == expected


@pytest.mark.parametrize("secret", ["test-webhook-key", "whsec_not base64!", "whsec_abc", "ключ"])
def test_a_secret_that_is_no_base64_is_used_as_written(secret: str) -> None:
    """A tester who types any word gets signatures with that word."""
    expected = "v1," + sign_by_hand(secret.encode(), b"msg_1.1700000000.{}")

    assert sign(STANDARD, secret, PARTS, b"{}")["webhook-signature"] == expected


@given(bit=st.integers(0, 7 * len(TASK) - 1))
def test_a_flipped_bit_of_the_task_fails(bit: int) -> None:
    """No other task has the signature of this one."""
    changed = {**PARTS, "task.id": flip(TASK, bit)}

    assert sign(PLAIN, "key", changed, b"") != sign(PLAIN, "key", PARTS, b"")


def test_every_flipped_bit_fails() -> None:
    """One bit of the secret, the id, the time or the body, and the signature is another one."""
    key, body = bytes(range(24)), b'{"state":"success"}'
    secret = base64.b64encode(key).decode()
    original = sign(STANDARD, secret, PARTS, body)["webhook-signature"]
    others = []
    for bit in range(8 * len(key)):
        flipped = (int.from_bytes(key) ^ (1 << bit)).to_bytes(len(key))
        others.append(sign(STANDARD, base64.b64encode(flipped).decode(), PARTS, body))
    for bit in range(8 * len(body)):
        flipped = (int.from_bytes(body) ^ (1 << bit)).to_bytes(len(body))
        others.append(sign(STANDARD, secret, PARTS, flipped))
    for name in ("id", "timestamp"):
        for bit in range(7 * len(PARTS[name])):
            changed = {**PARTS, name: flip(PARTS[name], bit)}
            others.append(sign(STANDARD, secret, changed, body))

    signatures = {each["webhook-signature"] for each in others}
    assert len(signatures) == len(others)
    assert original not in signatures


@given(order=st.permutations(["id", "task.id", "timestamp", "body"]), join=st.text(max_size=3))
def test_what_is_signed_is_the_contracts_choice(order: list[str], join: str) -> None:
    """The parts that a contract names are signed in its order, with its join between them."""
    terms = SignatureTerms("hmac-sha256-base64", tuple(order), join, {"signature": "S"})
    values = {**{name: value.encode() for name, value in PARTS.items()}, "body": b"{}"}

    content = join.encode().join(values[name] for name in order)
    expected = base64.b64encode(hmac.new(b"k", content, "sha256").digest()).decode()

    assert sign(terms, "k", PARTS, b"{}") == {"S": expected}
