"""What one node of a contract needs so that it accepts what came; it is only ever widened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver.record.drift.finding import MAX_VALUES, Finding, name_type
from mockserver.record.drift.kind import Kind
from mockserver.record.drift.site import Site, quote_text
from mockserver.record.drift.units import name_other

Action = dict[str, Any]

_LISTED: Final = frozenset({"type", "const", "enum", "required", "contentMediaType"})
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "null"})
_DEEPEST: Final = 4  # levels of a new field that are written out


@dataclass
class Amendment:
    """Everything that is to change at one node, from as many findings as there are."""

    site: Site
    types: set[str] = field(default_factory=set)
    values: list[object] = field(default_factory=list)
    optional: set[str] = field(default_factory=set)  # fields that are no longer required
    fields: dict[str, list[Finding]] = field(default_factory=dict)  # new ones
    dropped: set[str] = field(default_factory=set)  # keywords that were broken
    put: dict[str, Any] = field(default_factory=dict)
    is_always: bool = True  # nothing came that the node accepts
    is_open: bool = False  # more came than could be listed
    reasons: list[str] = field(default_factory=list)

    def take(self, finding: Finding, values: list[object]) -> None:
        """Add what a finding about the node's own value asks for; `values` may be written down."""
        if finding.kind is Kind.UNIT:
            self.put["format"] = name_other(self.site.node)
            return
        self.types |= finding.types
        self.values += [value for value in values if value not in self.values]
        self.is_open |= len(values) < len(finding.values) or len(finding.values) >= MAX_VALUES
        self.dropped |= finding.keywords - _LISTED
        if "contentMediaType" in finding.keywords:
            self.dropped |= {"contentMediaType", "contentSchema"}
        self.is_always &= finding.count == finding.of

    def write(self, reason: str) -> Iterator[Action]:
        """The actions of an overlay, in order."""
        node, target = self.site.node, self.site.target
        for name in sorted(self.optional & set(node.get("required", ()))):
            place = f"{target}['required'][?@ == {quote_text(name)}]"
            yield {"target": place, "description": reason, "remove": True}
        update = {**self.put}
        if self.fields:
            update["properties"] = {
                name: {**_describe_field(found), "x-basis": "observed"}
                for name, found in self.fields.items()
            }
        dropped = self.dropped & node.keys()
        if self.types:
            widened, further = self._widen()
            update |= widened
            dropped |= further & node.keys()
        for word in sorted(dropped):
            place = f"{target}[{quote_text(word)}]"
            yield {"target": place, "description": reason, "remove": True}
        if update:
            yield {"target": target, "description": reason, "update": update}

    def _widen(self) -> tuple[dict[str, Any], set[str]]:
        """An update by which the node takes the values, and the words that must go before."""
        node = self.site.node
        is_listed = "const" in node or "enum" in node
        update: dict[str, Any] = {}
        if "type" in node and (further := _list_further(node["type"], self.types)):
            # An update makes a longer list of a list, and a list of a word.
            is_list = isinstance(node["type"], list)
            update["type"] = further if is_list else [node["type"], *further]
        if not is_listed:
            return update, set()
        if self.is_open or not self.types <= _SCALARS:
            types = {name_type(value) for value in _list_allowed(node)} | self.types
            return ({"type": sorted(types)} if "type" not in node else update), {"const", "enum"}
        if "enum" in node:
            new = [value for value in self.values if value not in node["enum"]]
            return {**update, "enum": new}, set()
        if node.get("x-fact", "reply.code") == "reply.code":
            update["default"] = self.values[0] if self.is_always else node["const"]
        return {**update, "enum": [node["const"], *self.values]}, {"const"}


def _list_allowed(node: dict[str, Any]) -> list[object]:
    return [node["const"]] if "const" in node else list(node["enum"])


def _list_further(present: str | list[str], types: Iterable[str]) -> list[str]:
    known = {present} if isinstance(present, str) else set(present)
    if "number" in known:
        known.add("integer")
    return sorted(set(types) - known)


def _describe_field(findings: list[Finding]) -> dict[str, Any]:
    """A schema for a field that several shapes with one node have, by all that came in it."""
    types = {name for finding in findings for name in finding.types}
    # Where not all values are known, what is in them is left open.
    is_open = any(len(finding.values) >= MAX_VALUES for finding in findings)
    values = [] if is_open else [value for finding in findings for value in finding.values]
    return infer_schema(types, values)


def infer_schema(types: Iterable[str], values: Iterable[object], depth: int = 0) -> dict[str, Any]:
    """A schema for a field of which only values are known; it asks for no more than their types."""
    known = sorted(set(types) - ({"integer"} if "number" in types else set()))
    schema: dict[str, Any] = {"type": known[0] if len(known) == 1 else known} if known else {}
    objects = [value for value in values if isinstance(value, dict)]
    if known == ["object"] and objects and depth < _DEEPEST:
        names = dict.fromkeys(name for value in objects for name in value)
        schema["properties"] = {
            name: infer_schema(
                {name_type(value[name]) for value in objects if name in value},
                [value[name] for value in objects if name in value],
                depth + 1,
            )
            for name in names
        }
    return schema
