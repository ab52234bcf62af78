"""What a lens makes of single nodes; the laws that hold for every shape stand in tests/laws."""

from typing import Any

import pytest

from mockserver.contract.facts import Facts
from mockserver.contract.leaf import MISSING
from mockserver.contract.lens import compile_lens
from mockserver.errors import ContractError

URLS = ["https://files.example/1.png", "https://files.example/2.png"]
FACTS: Facts = {"task.results": URLS, "task.id": "t-1"}
ONE = {"type": "string", "x-fact": "task.results"}
LINK = {"type": "object", "required": ["url"], "properties": {"url": ONE, "of": {"default": "us"}}}
TASK = {"properties": {"url": ONE, "task": {"x-fact": "task.id"}}}


def render(schema: dict[str, Any], facts: Facts) -> object:
    return compile_lens(schema, "here").render(facts)


def read(schema: dict[str, Any], body: object) -> Facts:
    facts: Facts = {}
    compile_lens(schema, "here").read(body, facts)
    return facts


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ({"type": "array", "x-fact": "task.results"}, URLS),
        ({"type": "array", "items": ONE}, URLS),
        ({"type": "array", "items": LINK}, [{"url": url, "of": "us"} for url in URLS]),
        ({"type": "array", "items": TASK}, [{"url": url, "task": "t-1"} for url in URLS]),
        (
            {"type": "array", "items": {"properties": {"files": {"items": ONE}}}},
            [{"files": [url]} for url in URLS],
        ),
        ({"properties": {"first": ONE, "all": {"items": ONE}}}, {"first": URLS[0], "all": URLS}),
        ({"properties": {"all": {"items": ONE}, "first": ONE}}, {"all": URLS, "first": URLS[0]}),
    ],
)
def test_several_addresses_are_one_item_each(schema: dict[str, Any], body: object) -> None:
    """Results are a list of texts, or a list of whatever holds one text; all of them are read."""
    assert render(schema, FACTS) == body
    assert read(schema, body)["task.results"] == URLS


@pytest.mark.parametrize("kind", ["string", ["string", "null"]])
def test_a_text_holds_the_first_address(kind: object) -> None:
    """Where there is room for one address, the first one stands, and is read as the only one."""
    schema = {"type": kind, "x-fact": "task.results"}

    assert render(schema, FACTS) == URLS[0]
    assert read(schema, URLS[0]) == {"task.results": URLS[:1]}


@pytest.mark.parametrize(
    ("schema", "facts", "body"),
    [
        ({"items": LINK}, {}, MISSING),
        ({"items": LINK}, {"task.results": []}, []),
        ({"items": LINK, "default": []}, {}, []),
        ({"items": {"type": "string"}}, FACTS, MISSING),
        ({"items": {"x-fact": "task.id"}}, FACTS, MISSING),
        (ONE, {"task.results": []}, MISSING),
    ],
)
def test_a_list_of_nothing_is_empty(schema: dict[str, Any], facts: Facts, body: object) -> None:
    """Without results there is no list, no result makes an empty one, other items are no list."""
    assert render(schema, facts) == body


def test_a_list_with_an_incomplete_item_is_nothing() -> None:
    """An item whose required key stays empty empties the list."""
    item = {"required": ["of"], "properties": {"url": ONE, "of": {"x-fact": "task.model"}}}

    assert render({"items": item}, FACTS) is MISSING


@pytest.mark.parametrize(("name", "value"), [(None, 7), ("duration-s", 7), ("duration-ms", 7_000)])
def test_the_wait_of_a_refusal_is_written_in_either_unit(name: str | None, value: int) -> None:
    """Spans that are held in seconds are written in seconds or in milliseconds."""
    schema = {"x-fact": "refusal.retry_after", **({"format": name} if name else {})}

    assert render(schema, {"refusal.retry_after": 7}) == value
    assert read(schema, value) == {"refusal.retry_after": 7}


def test_a_unit_that_is_none_is_refused() -> None:
    """An unknown format is named with those that there are."""
    with pytest.raises(ContractError, match="duration-s, duration-ms"):
        compile_lens({"x-fact": "refusal.window", "format": "int32"}, "here")
