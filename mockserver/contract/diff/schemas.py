"""Two schemas of one body, compared by which values they accept, place by place."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson

from mockserver.contract.diff.change import Verdict
from mockserver.contract.document import escape
from mockserver.contract.leaf import JSON_TYPE, Schema
from mockserver.contract.validate import Answer, covers

# What the algebra need not see, since it says nothing about which values are accepted.
_SILENT: Final = frozenset(
    {"default", "description", "title", "examples", "example", "discriminator", "deprecated"}
)
_CONTENT: Final = frozenset({"contentMediaType", "contentSchema"})
_FIELDS: Final = frozenset({"properties", "required"})


class Side(Enum):
    """Who reads the body: a request is read by the new API, a reply by old clients."""

    REQUEST = "request"
    REPLY = "reply"


class Difference(NamedTuple):
    """One place at which two schemas differ."""

    pointer: str
    verdict: Verdict
    told: str


def compare_schemas(old: Schema, new: Schema, side: Side) -> list[Difference]:
    """Where two schemas differ; what is below a difference is told instead of it."""
    return list(_compare(old, new, side, ""))


def _compare(old: Schema, new: Schema, side: Side, at: str) -> Iterator[Difference]:
    if old == new:
        return
    found = [*_compare_marks(old, new, at), *_compare_content(old, new, side, at)]
    if "properties" in old and "properties" in new:
        found += _compare_fields(old, new, side, at)
    else:
        found += _compare_leaves(old, new, side, at)
    yield from found
    whole = _ask(old, new, side)
    if whole is not Verdict.COMPATIBLE and not any(
        f.verdict is not Verdict.COMPATIBLE for f in found
    ):
        yield Difference(at, whole, "not every value is accepted on both sides")


def _compare_leaves(old: Schema, new: Schema, side: Side, at: str) -> Iterator[Difference]:
    """Nodes whose fields cannot be told apart: which values they accept."""
    if strip(old) == strip(new):
        return
    told = f"{tell_schema(old)} became {tell_schema(new)}"
    verdict = _ask(old, new, side)
    if (
        verdict is Verdict.COMPATIBLE
        and told.partition(" became ")[0] == told.partition(" became ")[2]
    ):
        told = "accepts other values"
    yield Difference(at, verdict, told)


def _compare_fields(old: Schema, new: Schema, side: Side, at: str) -> Iterator[Difference]:
    olds, news = old["properties"], new["properties"]
    must, shall = set(old.get("required", ())), set(new.get("required", ()))
    for name in dict.fromkeys([*olds, *news]):
        pointer = f"{at}/{escape(name)}"
        if name not in olds:
            yield Difference(
                pointer, _rate_added(name in shall, side), _say_added(name in shall, side)
            )
        elif name not in news:
            yield Difference(pointer, _rate_removed(name in must, side), "is gone")
        else:
            yield from _compare(olds[name], news[name], side, pointer)
            if (name in must) != (name in shall):
                became = "is always there" if name in shall else "may be missing"
                hurts = (name in shall) is (side is Side.REQUEST)
                verdict = Verdict.BREAKING if hurts else Verdict.COMPATIBLE
                yield Difference(
                    pointer, verdict, became if side is Side.REPLY else _say(name in shall)
                )
    shells = [{k: v for k, v in node.items() if k not in _FIELDS} for node in (old, new)]
    yield from _compare_leaves(shells[0], shells[1], side, at)


def _rate_added(is_required: bool, side: Side) -> Verdict:
    hurts = is_required and side is Side.REQUEST
    return Verdict.BREAKING if hurts else Verdict.COMPATIBLE


def _rate_removed(was_required: bool, side: Side) -> Verdict:
    if side is Side.REQUEST:
        return Verdict.UNSURE  # what is sent may be passed over, or refused
    return Verdict.BREAKING if was_required else Verdict.COMPATIBLE


def _say_added(is_required: bool, side: Side) -> str:
    if not is_required:
        return "is new"
    return "is new and required" if side is Side.REQUEST else "is new and always there"


def _say(is_required: bool) -> str:
    return "is required now" if is_required else "is no longer required"


def _compare_marks(old: Schema, new: Schema, at: str) -> Iterator[Difference]:
    """What a field means: its fact, and the unit that its format names."""
    if old.get("x-fact") != new.get("x-fact"):
        told = f"carried {old.get('x-fact', 'no fact')}, carries {new.get('x-fact', 'no fact')}"
        both = "x-fact" in old and "x-fact" in new
        yield Difference(at, Verdict.BREAKING if both else Verdict.COMPATIBLE, told)
    elif old.get("format") != new.get("format") and "x-fact" in old:
        told = f"{old.get('format', 'plain')} became {new.get('format', 'plain')}"
        yield Difference(at, Verdict.BREAKING, told)
    if old.get("default") != new.get("default"):
        told = f"its text or default became {write(new.get('default'))}"
        yield Difference(at, Verdict.COMPATIBLE, told)


def _compare_content(old: Schema, new: Schema, side: Side, at: str) -> Iterator[Difference]:
    """JSON in strings, which the algebra takes for any string."""
    was, is_now = (node.get("contentMediaType") == JSON_TYPE for node in (old, new))
    if was != is_now:
        safe = is_now if side is Side.REPLY else was
        told = "is JSON in a string" if is_now else "is no longer JSON in a string"
        yield Difference(at, Verdict.COMPATIBLE if safe else Verdict.BREAKING, told)
    elif was:
        inner = [node.get("contentSchema", {}) for node in (old, new)]
        yield from _compare(inner[0], inner[1], side, at)


def _ask(old: Schema, new: Schema, side: Side) -> Verdict:
    """What the algebra says: requests may only be taken more widely, replies sent more narrowly."""
    wide, narrow = (strip(new), strip(old)) if side is Side.REQUEST else (strip(old), strip(new))
    answer = covers(wide, narrow)
    if answer is Answer.UNKNOWN:
        return Verdict.UNSURE
    return Verdict.COMPATIBLE if answer is Answer.YES else Verdict.BREAKING


def strip(node: Any) -> Any:
    """A schema without what says nothing about which values it accepts."""
    if isinstance(node, list):
        return [strip(child) for child in node]
    if not isinstance(node, Mapping):
        return node
    kept = {k: v for k, v in node.items() if k not in _SILENT | _CONTENT and not k.startswith("x-")}
    if "x-fact" in node:
        kept.pop("format", None)  # names a unit, and is compared as such
    for word in ("properties", "patternProperties", "$defs"):
        if word in kept:
            kept[word] = {name: strip(child) for name, child in kept[word].items()}
    literal = ("const", "enum", "required", "properties", "patternProperties", "$defs")
    return {k: v if k in literal else strip(v) for k, v in kept.items()}


def tell_schema(schema: Schema) -> str:
    """Which values a schema accepts, in a few words."""
    if "const" in schema:
        return write(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(write(value) for value in schema["enum"])
    kind = schema.get("type", "any value")
    words = [kind if isinstance(kind, str) else " or ".join(kind)]
    shown = strip(schema)
    words += [
        f"{word} {write(shown[word])}"
        for word in shown
        if word not in ("type", "properties", "required")
    ]
    return ", ".join(words)


def write(value: object) -> str:
    """A value as JSON, cut if it is long."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else f"{text[:59]}…"
