"""Every model of KIE.AI's catalogue can be asked for, makes what it should, and refuses."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.body import Variant
from mockserver.contract.leaf import Schema
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.call import Call
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings

KEY = "sk-mock-me"
URL = "https://files.example/a.png"
ORIGIN = "http://127.0.0.1:8787"


@cache
def read_contract() -> Contract:
    return load(contracts_dir() / "kie", "observed")


def list_models() -> tuple[str, ...]:
    body = read_contract().operations["createTask"].body
    assert body is not None
    return body.models


def find_variant(model: str) -> Variant:
    body = read_contract().operations["createTask"].body
    variant = body.find_variant(model) if body else None
    assert variant is not None
    return variant


class World:
    """One account that can afford everything, and is asked for no patience."""

    def __init__(self) -> None:
        self.engine = Engine([read_contract()], ManualClock(), Settings(speed=1))
        self.account = self.engine.open_account(KEY)
        self.account.tier = "unlimited"
        self.holding = self.account.open_holding(read_contract())
        self.holding.ledger.set_balance(self.account.now(), 10**15)

    def call(self, operation: str, body: object = None, **query: str) -> dict[str, Any]:
        """Call an operation; the body of its reply."""
        found = read_contract().operations[operation]
        call = Call(read_contract(), found, KEY, ORIGIN, found.path, {}, query, {}, b"", body)
        reply = self.engine.answer(call)
        read: dict[str, Any] = json.loads(reply.body)
        return read

    def submit(self, model: str, fields: object) -> dict[str, Any]:
        """Ask a model for something; what was answered."""
        return self.call("createTask", {"model": model, "input": fields})

    def end(self, task_id: str) -> dict[str, Any]:
        """Advance to a task's end; its record."""
        self.account.advance(self.holding.tasks[task_id].timeline.duration)
        record: dict[str, Any] = self.call("recordInfo", taskId=task_id)["data"]
        return record


@cache
def open_world() -> World:
    return World()


def draw_value(node: Schema) -> st.SearchStrategy[Any]:
    """Values that keep a field's schema."""
    if "enum" in node or "const" in node:
        return st.sampled_from(node.get("enum") or [node["const"]])
    kind = node.get("type", "string")
    if kind == "boolean":
        return st.booleans()
    if kind == "object":
        return draw_fields(node, node.get("properties", {}))
    if kind == "array":
        least = node.get("minItems", 1)
        most = min(node.get("maxItems", 3), max(least, 3))
        return st.lists(draw_value(node["items"]), min_size=least, max_size=most)
    if kind in ("integer", "number"):
        low, high = node.get("minimum", 1), node.get("maximum", 20)
        whole = st.integers(int(-(-low // 1)), int(high))
        return whole if kind == "integer" or high - low > 1 else st.floats(low, high)
    if "pattern" in node and node.get("format") != "uri":
        return st.from_regex(node["pattern"], fullmatch=True)
    return st.just(URL if node.get("format") == "uri" else "a red fox")


def draw_fields(node: Schema, fields: Schema) -> st.SearchStrategy[dict[str, Any]]:
    drawn = {name: draw_value(field) for name, field in fields.items() if field}
    needed = {name: drawn.pop(name) for name in node.get("required", ())}
    return st.fixed_dictionaries(needed, optional=drawn)


@cache
def find_least(model: str) -> dict[str, Any]:
    """The smallest input that a model takes: what is needed, and what is asked for besides."""
    schema, variant = find_variant(model).input_schema, find_variant(model)
    branches = [branch.get("required", []) for branch in schema.get("anyOf", [])]
    branches += [branch.get("required", []) for branch in schema.get("oneOf", [])]
    names = [*schema.get("required", ()), *(branches[0] if branches else ())]
    while True:
        fields = {name: fill(schema["properties"][name]) for name in names}
        found = variant.find_violations({"model": model, "input": fields})
        if not found:
            return fields
        assert found[0].missing, found[0]
        names.append(found[0].field)


def fill(node: Schema) -> Any:
    if "enum" in node:
        return node.get("default", node["enum"][0])
    if node.get("type") == "array":
        return [fill(node["items"])] * node.get("minItems", 1)
    if node.get("type") == "object":
        return {name: fill(node["properties"][name]) for name in node.get("required", ())}
    plain = {"boolean": False, "integer": 5, "number": 6}
    text = URL if node.get("format") == "uri" else "a red fox"
    return node.get("default") or plain.get(node.get("type", "string"), text)


@pytest.mark.parametrize("model", list_models())
def test_a_model_makes_what_it_is_asked_for(model: str) -> None:
    """The smallest request of each model is taken, paid for, ends, and has results of its kind."""
    check_success(model, find_least(model))


@given(st.data())
def test_whatever_keeps_the_schema_is_taken(data: st.DataObject) -> None:
    """Any request that a model's schema allows is taken and has its results."""
    model = data.draw(st.sampled_from(list_models()))
    schema = find_variant(model).input_schema
    fields = data.draw(draw_fields(schema, schema["properties"]))
    if not find_variant(model).accepts({"model": model, "input": fields}):
        fields = find_least(model)  # rules over several fields allow little by chance

    check_success(model, fields)


def check_success(model: str, fields: dict[str, Any]) -> None:
    world, variant = open_world(), find_variant(model)
    assert variant.price is not None
    assert variant.yields is not None
    before = world.holding.ledger.balance

    taken = world.submit(model, fields)
    assert (taken["code"], taken["msg"]) == (200, "success"), taken
    assert before - world.holding.ledger.balance == variant.price.compute(fields, variant.defaults)
    record = world.end(taken["data"]["taskId"])

    result = json.loads(record["resultJson"])
    assert (record["state"], record["model"]) == ("success", model)
    if variant.yields.data is None:
        count = variant.yields.count_results(fields, variant.defaults)
        assert len(result["resultUrls"]) == count
        assert all(url.startswith(ORIGIN) for url in result["resultUrls"])
    else:
        assert list(result) == ["resultObject"]
        assert result["resultObject"].keys() == variant.yields.data.value.keys()


@pytest.mark.parametrize("model", list_models())
def test_what_is_missing_or_unknown_is_refused(model: str) -> None:
    """Without a needed field, or with a word that is no option, a request is refused and free."""
    world, least, schema = open_world(), find_least(model), find_variant(model).input_schema
    before = world.holding.ledger.balance

    for name in least:
        refused = world.submit(model, {key: value for key, value in least.items() if key != name})
        assert refused["code"] != 200, name
        if name in schema.get("required", ()):
            assert (refused["code"], refused["msg"]) == (422, "This field is required"), name
    for name, node in schema["properties"].items():
        if isinstance(node, dict) and "enum" in node:
            refused = world.submit(model, {**least, name: "no such option"})
            assert refused["code"] == 500
            assert refused["msg"] == f"{name} is not within the range of allowed options"
    assert world.holding.ledger.balance == before


def test_an_unknown_model_is_refused_as_observed() -> None:
    """A name that is no model's gets the text that clients saw."""
    refused = open_world().submit("gpt-image-2-text-to-imag", {"prompt": "a red fox"})

    assert refused["code"] == 422
    assert refused["msg"].startswith("The model name you specified is not supported.")
