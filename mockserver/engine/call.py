"""A call that goes into the engine and the reply that comes out."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from mockserver.contract.model import Contract, Operation
from mockserver.engine.carriage import Carriage


@dataclass(frozen=True, slots=True)
class Malformed:
    """A request body that could not be read, with the reason in one clear sentence."""

    reason: str
    status: int | None = None  # an HTTP status of its own (413, 415), else the contract's


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a call."""

    name: str | None  # as the client spelled it
    media_type: str | None  # as the client said it, in lower case, without parameters
    content: bytes


class Call(Struct, gc=False):
    """One request for an operation of a contract."""

    contract: Contract
    operation: Operation
    key: str | None  # the bearer token as sent; None if there is none
    origin: str  # where the client reaches this server, for addresses of files
    target: str  # path and query as sent
    headers: Mapping[str, str]  # names in lower case
    query: Mapping[str, str]
    path: Mapping[str, str]  # parameters in the path
    raw: bytes  # the body as sent
    body: object = None  # its JSON value, or Malformed
    scenario: str | None = None  # the one that its address names
    # The file of an upload that does not stand in the body, or why there is none.
    attachment: Attachment | Malformed | None = None
    head_size: int = 0  # bytes of target and headers, unless calls before it share the strings


@dataclass(slots=True)
class Stray:
    """One request that is for no operation: a wrong path or method."""

    contract: Contract | None  # the provider it was probably meant for
    method: str
    path: str  # percent-decoded, with the provider's name in front if the client sent one
    target: str  # path and query as sent
    headers: Mapping[str, str]  # names in lower case
    raw: bytes  # the body as sent


@dataclass(slots=True)
class Reply:
    """What is sent back, whatever carries it."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    carriage: Carriage | None = None  # None if nothing is odd about its way
