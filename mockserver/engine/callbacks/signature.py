"""Signatures of callbacks: the schemes that contracts can name."""

import base64
import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from mockserver.contract.delivery import SignatureTerms

_PREFIX: Final = "whsec_"


def sign(
    terms: SignatureTerms, secret: str, parts: Mapping[str, str], body: bytes
) -> dict[str, str]:
    """The headers that sign a callback; `parts` holds id, task.id and timestamp.

    A scheme signs the parts that the contract names, joined. `hmac-sha256-base64` uses the secret
    as it is written; `standard-webhooks` (https://www.standardwebhooks.com, 1.0) takes it for
    base64, with or without `whsec_` before it, and writes `v1,` before the result. There a secret
    that is no base64 is used as it is written, too.
    """
    values = {name: value.encode() for name, value in parts.items()} | {"body": body}
    content = terms.join.encode().join(values[name] for name in terms.over)
    signed = _SCHEMES[terms.scheme](secret, content)
    known = {**parts, "signature": signed}
    return {header: known[role] for role, header in terms.headers.items()}


def _sign_plain(secret: str, content: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), content, sha256)).decode()


def _sign_standard(secret: str, content: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:  # other letters than those of base64, or too few of them
        key = secret.encode()
    return "v1," + base64.b64encode(hmac.digest(key, content, sha256)).decode()


_SCHEMES: Final[dict[str, Callable[[str, bytes], str]]] = {
    "hmac-sha256-base64": _sign_plain,
    "standard-webhooks": _sign_standard,
}
