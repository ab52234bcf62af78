"""Whatever is sent to whatever provider, the engine answers in a shape of the contract."""

import json
from functools import cache, partial
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.load import DOCUMENTED, PREFERRED, list_editions, load
from mockserver.contract.model import Contract, Role
from mockserver.data import contracts_dir
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call, Malformed
from mockserver.engine.engine import Engine
from mockserver.engine.scenarios.scenario import list_scenarios
from mockserver.engine.settings import Settings

WORDS = st.sampled_from(["", "a", "1", "true", "null", "\u0000", "é" * 300, "1024*1024", "9" * 400])
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
JSON = st.recursive(
    SCALARS | WORDS | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(WORDS, children, max_size=3),
    max_leaves=6,
)


@cache
def list_contracts() -> list[Contract]:
    return [
        load(folder, edition)
        for folder in sorted(contracts_dir().iterdir())
        if (folder / "contract.yaml").is_file()
        for edition in list_editions(folder)
        if edition in (DOCUMENTED, PREFERRED)  # dated ones differ from these by what they lack
    ]


def name_contract(contract: Contract) -> str:
    return f"{contract.name}-{contract.edition}"


def draw_value(schema: dict[str, Any]) -> st.SearchStrategy[object]:
    """Values near a schema: some keep it, some break it a little, some are anything."""
    if "enum" in schema:
        near: st.SearchStrategy[object] = st.sampled_from(schema["enum"])
    elif "properties" in schema:
        fields = {name: draw_value(node) for name, node in schema["properties"].items()}
        required = {name: fields[name] for name in schema.get("required", ()) if name in fields}
        optional = {name: drawn for name, drawn in fields.items() if name not in required}
        near = st.fixed_dictionaries(required, optional=optional)
    elif schema.get("type") == "array":
        near = st.lists(draw_value(schema.get("items", {})), max_size=3)
    elif schema.get("type") in {"integer", "number"}:
        near = st.integers(-1, 100)
    else:
        near = st.sampled_from(["a red fox", "https://a.example/b.png"]) | WORDS
    return st.one_of(near, near, near, JSON)


def name_model(field: str, model: str | None, value: object) -> object:
    return {**value, field: model} if isinstance(value, dict) and model else value


def draw_bodies(operation: Any) -> st.SearchStrategy[object]:
    body = operation.body
    if body is None:
        return st.none()
    models = body.models[:: max(1, len(body.models) // 5)] or (None,)
    variants = [body.find_variant(model) for model in models]
    drawn = [
        draw_value(v.schema).map(partial(name_model, body.discriminator, v.model)) for v in variants
    ]
    return st.one_of(*drawn, JSON, st.just(Malformed("cut off")))


def send(engine: Engine, contract: Contract, operation: str, **fields: Any) -> Any:
    call = Call(
        contract, contract.operations[operation], fields.pop("key", "sk-mock-me"),
        "http://127.0.0.1:1", "/x", fields.pop("headers", {}), fields.pop("query", {}),
        fields.pop("path", {}), b"", fields.pop("body", None),
    )  # fmt: skip
    reply = engine.answer(call)
    body = json.loads(reply.body)
    shapes = call.operation.shapes.values()
    assert any(shape.accepts(body) for shape in shapes), f"{operation} answered {body}"
    return body


def draw_call(data: st.DataObject, contract: Contract, ids: list[str]) -> dict[str, Any]:
    """An operation, and whatever may be sent to it; ids of tasks are among it."""
    operation = contract.operations[data.draw(st.sampled_from(sorted(contract.operations)))]
    words = st.one_of(WORDS, *([st.sampled_from(ids)] * 3 if ids else []))
    names = [parameter.name for parameter in operation.parameters]
    values = st.fixed_dictionaries({}, optional=dict.fromkeys([*names, "other"], words))
    return {
        "operation": operation.id,
        "body": data.draw(draw_bodies(operation)),
        "query": data.draw(values),
        "path": data.draw(values),
        "headers": {name.lower(): value for name, value in data.draw(values).items()},
    }


@pytest.mark.parametrize("contract", list_contracts(), ids=name_contract)
def test_every_reply_keeps_a_shape_of_its_operation(contract: Contract) -> None:
    """Any body, parameter, header, key and scenario gets an answer that the contract declares."""
    keys = ["sk-mock-.x", *(f"sk-mock-me.{name}" for name in list_scenarios(contract))]

    @given(data=st.data())
    def law(data: st.DataObject) -> None:
        engine = Engine([contract], ManualClock(), Settings())
        me = engine.open_account("sk-mock-me")
        for _ in range(data.draw(st.integers(1, 6))):
            key = data.draw(st.just("sk-mock-me") | st.sampled_from(keys))
            send(engine, contract, key=key, **draw_call(data, contract, list_ids(me)))
            me.advance(data.draw(st.integers(0, 10**6)))
        for task_id in list_ids(me):
            for inspect in contract.find_role(Role.INSPECT):
                place = {parameter.name: task_id for parameter in inspect.parameters}
                send(engine, contract, inspect.id, query=place, path=place)

    law()


def list_ids(account: Account) -> list[str]:
    return [task_id for holding in account.holdings.values() for task_id in holding.tasks]


@pytest.mark.parametrize("contract", list_contracts(), ids=name_contract)
def test_every_failure_and_condition_can_be_had(contract: Contract) -> None:
    """With each scenario of a contract at least one operation answers otherwise than without."""
    engine = Engine([contract], ManualClock(), Settings())
    plain = show_all(engine, contract, "sk-mock-me")
    scenarios = [name for name in list_scenarios(contract) if name != "succeeds"]
    same = [s for s in scenarios if plain == show_all(engine, contract, f"sk-mock-me.{s}")]

    assert not same


def show_all(engine: Engine, contract: Contract, key: str) -> list[Any]:
    """What a key gets for a good submit and for the task at its end, without ids and addresses."""
    shown: list[Any] = []
    for submit in contract.find_role(Role.SUBMIT):
        reply = send(engine, contract, submit.id, key=key, body=find_good_body(submit))
        shown.append(reply)
        holding = engine.open_account(key).holdings[contract.name]
        engine.open_account(key).advance(10**6)
        for inspect in contract.find_role(Role.INSPECT):
            task_id = next(reversed(holding.tasks), "none")
            place = {inspect.parameters[0].name: task_id}
            seen = send(engine, contract, inspect.id, key=key, query=place, path=place)
            shown.append(orjson.dumps(seen).replace(task_id.encode(), b""))
    for reply in shown:
        if isinstance(reply, dict) and isinstance(reply.get("data"), dict):
            reply["data"] = sorted(reply["data"])
    return shown


def find_good_body(operation: Any) -> object:
    """A body that is accepted: every required field, with a value that its schema allows."""
    for model in operation.body.models or (None,):
        variant = operation.body.find_variant(model)
        body = fill_schema(variant.schema)
        if isinstance(body, dict) and model:
            body[operation.body.discriminator] = model
        if variant.accepts(body):
            return body
    raise AssertionError(f"no good body found for {operation.id}")


def fill_schema(schema: dict[str, Any]) -> object:
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        required = [*schema.get("required", ()), *schema.get("anyOf", [{}])[0].get("required", ())]
        return {name: fill_schema(schema["properties"][name]) for name in required}
    return ["https://a.example/b.png"] if schema.get("type") == "array" else "a red fox"
