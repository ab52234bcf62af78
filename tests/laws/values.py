"""Values that a schema of a contract asks for."""

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

PROMPTS: Final = ("a red fox", "an owl", "ein Löwe 🦁")
ADDRESSES: Final = ("https://images.example/1.png", "https://images.example/2.webp")

Value = st.SearchStrategy[Any]


def draw_value(schema: Mapping[str, Any]) -> Value:
    """Values that a schema asks for, apart from rules between fields."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        fields = {name: draw_value(node) for name, node in schema.get("properties", {}).items()}
        required = {name: fields.pop(name) for name in schema.get("required", ()) if name in fields}
        return st.fixed_dictionaries(required, optional=fields)
    if kind == "array":
        least, most = schema.get("minItems", 1), schema.get("maxItems", 2)
        return st.lists(
            draw_value(schema["items"]), min_size=least, max_size=max(least, min(most, 2))
        )
    if kind == "boolean":
        return st.booleans()
    if kind in {"integer", "number"}:
        return draw_number(schema)
    return draw_text(schema)


def draw_number(schema: Mapping[str, Any]) -> Value:
    """Numbers within bounds, few of them: what a picture costs to draw depends on some."""
    low = schema.get("minimum", 1)
    high = min(schema.get("maximum", low + 4), low + 4)
    return st.integers(low, high) if schema["type"] == "integer" else st.sampled_from([low, high])


def draw_text(schema: Mapping[str, Any]) -> Value:
    if schema.get("format") == "uri":
        return st.sampled_from(ADDRESSES)
    if "pattern" in schema and "examples" not in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.sampled_from(schema.get("examples", PROMPTS))
