"""The closed list of facts that a contract's fields can carry, each with its kind."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How a fact is held in Python, between the wire and the engine."""

    TEXT = "text"  # str
    TEXTS = "texts"  # list of str
    INTEGER = "integer"  # int
    WORD = "word"  # the wire's own for a state or a failure: any JSON scalar
    INSTANT = "instant"  # int, milliseconds since the Unix epoch
    SPAN = "span"  # int, milliseconds
    SECONDS = "seconds"  # int
    CREDITS = "credits"  # int, thousandths of a credit
    JSON = "json"  # any JSON value


FACTS: Final[dict[str, Kind]] = {
    "task.id": Kind.TEXT,
    "task.model": Kind.TEXT,
    "task.state": Kind.WORD,
    "task.request": Kind.JSON,  # the whole submit body
    "task.input": Kind.JSON,  # the part of the submit body that describes the work
    "task.results": Kind.TEXTS,  # addresses of the result files
    "task.originals": Kind.TEXTS,  # other addresses of them, mostly good for a shorter time
    "task.data": Kind.JSON,  # what is answered instead of addresses
    "task.failure.code": Kind.WORD,
    "task.failure.message": Kind.TEXT,
    "task.created": Kind.INSTANT,
    "task.updated": Kind.INSTANT,
    "task.finished": Kind.INSTANT,
    "task.elapsed": Kind.SPAN,
    "task.price": Kind.CREDITS,  # what is charged
    "task.cost": Kind.CREDITS,  # what it costs in the end: the price less the refund
    "input.prompt": Kind.TEXT,
    "input.images": Kind.TEXTS,
    "callback.url": Kind.TEXT,
    "account.balance": Kind.CREDITS,
    "link.source": Kind.TEXT,  # the address for which a link is asked
    "link.address": Kind.TEXT,  # the link that was made
    "upload.content": Kind.TEXT,  # the file as sent: its part of a form, or in base64
    "upload.source": Kind.TEXT,  # the address from which the file is to be fetched
    "upload.folder": Kind.TEXT,  # where it is to lie
    "upload.name": Kind.TEXT,  # of the file, with its extension
    "upload.path": Kind.TEXT,  # folder and name
    "upload.address": Kind.TEXT,  # where it can be fetched
    "upload.size": Kind.INTEGER,  # bytes
    "upload.type": Kind.TEXT,  # its media type
    "upload.created": Kind.INSTANT,
    "upload.expires": Kind.INSTANT,
    "catalogue.models": Kind.TEXTS,  # names of models
    "catalogue.count": Kind.INTEGER,  # how many they are
    "catalogue.word": Kind.TEXT,  # what their names are to hold
    "catalogue.model": Kind.TEXT,  # the one that is asked about
    "catalogue.schema": Kind.JSON,  # an OpenAPI document of the call for it
    "call.path": Kind.TEXT,
    "call.time": Kind.INSTANT,
    "reply.code": Kind.INTEGER,
    "reply.message": Kind.TEXT,
    "refusal.field": Kind.TEXT,
    "refusal.retry_after": Kind.SECONDS,  # rounded up
    "refusal.limit": Kind.INTEGER,
    "refusal.window": Kind.SECONDS,
    "refusal.tier": Kind.TEXT,
}

Facts = dict[str, object]
