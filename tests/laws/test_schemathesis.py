"""Every contract, as documented and as observed, under schemathesis.

Keys are strict, the account is rich, and there are no limits. Nothing listens: requests go into
the application by ASGI. The clock stands still unless moved.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from schemathesis import BaseSchema, Case, Response
from schemathesis.config import SchemathesisConfig

from mockserver.checks import CHECKS, LifecycleCheck, list_replaced
from mockserver.checks.bodies import key_is_asked_for
from mockserver.checks.subject import find_operation, read_response
from mockserver.clock import ManualClock
from mockserver.contract.load import list_editions, load
from mockserver.contract.model import Contract, Operation, Role
from mockserver.data import contracts_dir
from mockserver.engine.accounts.account import Account
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.options import Options

KEY = "sk-mock-rich"
WITH_KEY = {"Authorization": f"Bearer {KEY}"}
ORIGIN = "http://127.0.0.1:8787"
STEP = 20_000  # milliseconds from one call of a journey to the next
MAX_POLLS = 16  # of an open task in a journey: none takes longer than 300 s
LARGE = 10**9  # the largest number in a body
MODELS = 4  # of a catalogue
EXAMPLES = min(settings().max_examples // 3, 1_000)  # schemathesis needs memory for each
ACORN = Path(__file__).parents[2] / "fixtures" / "acorn"


class World:
    """The application of one contract, with one account that can afford everything."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.clock = ManualClock()
        self.engine = Engine([contract], self.clock, Settings(speed=1, keys=frozenset({KEY})))
        self.app = build_app(self.engine, Options())
        self.engine.outbox.wake = lambda: None  # callbacks are not sent here
        self.reached: set[str] = set()  # moments

    async def __call__(self, *exchange: Any) -> None:
        """Answer one request."""
        await self.app(*exchange)

    def reset(self) -> Account:
        """Begin anew, so that one case does not depend on those before it."""
        self.engine.reset()
        account = self.engine.open_account(KEY)
        account.tier = "unlimited"
        holding = account.open_holding(self.contract)
        holding.ledger.set_balance(account.now(), 10**6 * LARGE)
        return account


def list_contracts() -> Iterator[Contract]:
    """Every contract that comes with the package, and the one that uses every word."""
    for folder in [*sorted(contracts_dir().iterdir()), ACORN]:
        if (folder / "contract.yaml").is_file():
            editions = [name for name in list_editions(folder) if not name[0].isdecimal()]
            yield from (load(folder, edition) for edition in editions)


def choose_models(contract: Contract) -> set[str]:
    """A few models of a catalogue, by a seed that a night may change: each costs time."""
    draw = Random(int(os.environ.get("MODELS_SEED", "0")))  # noqa: S311 - a choice of tests
    bodies = [operation.body for operation in contract.operations.values() if operation.body]
    return {m for b in bodies for m in draw.sample(b.models, min(len(b.models), MODELS))}


def build_schema(contract: Contract) -> BaseSchema:
    """A contract's document, with the application that is to keep it."""
    config = SchemathesisConfig.from_dict(
        {
            "base-url": ORIGIN,
            "headers": WITH_KEY,
            "generation": {"database": "none"},
            # Not the 404 either with which an invalid id could be taken for an unknown one.
            "checks": {"negative_data_rejection": {"expected-statuses": [400, 401]}},
        }
    )
    document = contract.bundle(choose_models(contract))
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = World(contract)
    schema.hook("filter_body")(lambda _, body: has_payable_numbers(body))
    return schema


def has_payable_numbers(value: object) -> bool:
    """Whether no number in a value is so large that seconds in such a number could not be paid."""
    if isinstance(value, dict | list):
        return all(map(has_payable_numbers, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int | float) or abs(value) <= LARGE


SCHEMAS = {f"{c.name}_{c.edition}": build_schema(c) for c in list_contracts()}


def find_world(case: Case[Any]) -> World:
    return cast(World, case.operation.app)


@schemathesis.pytest.parametrize(**SCHEMAS)
@settings(max_examples=EXAMPLES)
def test_every_operation_keeps_its_contract(case: Case[Any]) -> None:
    """What is valid is served, what is not is refused in a declared shape, and nothing breaks."""
    find_world(case).reset()

    case.call_and_validate(additional_checks=[*CHECKS], excluded_checks=list_replaced())


def build_journey(schema: BaseSchema) -> Any:
    """A state machine that follows the contract's links while time goes by."""
    world = cast(World, schema.app)

    class Journey(schema.as_state_machine()):  # type: ignore[misc]
        """One account submits and asks; its scenario decides how tasks end."""

        def setup(self) -> None:
            self.account = world.reset()
            self.lifecycle = LifecycleCheck(max_polls=MAX_POLLS)

        @initialize(scenario=st.sampled_from(["succeeds", "fails"]))
        def choose(self, scenario: str) -> None:
            self.account.scenario = scenario

        def after_call(self, response: Response, case: Case[Any]) -> None:
            super().after_call(response, case)
            operation = find_operation(world.contract, case)
            for reading in read_response(world.contract, operation, response):
                world.reached.update(reading.moments)
                ask_for_links(schema, operation, {"task.id": case_id(case), **reading.facts})
            self.account.advance(STEP)

        def validate_response(self, response: Response, case: Case[Any], **_: Any) -> None:
            case.validate_response(
                response,
                additional_checks=[*CHECKS, self.lifecycle.after_response],
                excluded_checks=[*list_replaced(), key_is_asked_for],
                recorder=self.recorder,
            )

    return Journey


def case_id(case: Case[Any]) -> object:
    """The task that a call asks for."""
    contract = find_world(case).contract
    told = {p.name: p for p in find_operation(contract, case).parameters if p.fact == "task.id"}
    given = {**(case.path_parameters or {}), **(case.query or {})}
    return next((given[name] for name in told if name in given), None)


def ask_for_links(schema: BaseSchema, told_by: Operation, facts: Mapping[str, object]) -> None:
    """Where the contract has temporary links, have one made for each address of a result."""
    contract = cast(World, schema.app).contract
    sources = {each.id for each in contract.find_sources(told_by)}
    for operation in contract.find_role(Role.LINK):
        assert operation.body is not None
        variant = operation.body.find_variant(None)
        assert variant is not None
        fields = {n.get("x-fact"): name for name, n in variant.schema["properties"].items()}
        known = sources <= {each.id for each in contract.find_sources(operation)}
        addresses = cast(list[str], facts.get("task.results", [])) if known else []
        for address in addresses:
            told = {"link.source": address, "task.id": facts["task.id"]}
            body: Any = {fields[fact]: value for fact, value in told.items() if fact in fields}
            declared = schema[operation.path][operation.method]
            case = declared.Case(headers=WITH_KEY, body=body)
            response = case.call_and_validate(excluded_checks=list_replaced())
            (reading,) = read_response(contract, operation, response)
            assert reading.moments == ("ok",)


@pytest.mark.parametrize("name", SCHEMAS)
def test_following_links_leads_to_success_and_to_failure(name: str) -> None:
    """From submit to poll: every step keeps the contract, every task ends, both ends are seen."""
    # Always the same journeys: whether both ends are seen shall not hang on luck.
    steady = settings(max_examples=EXAMPLES * 3 // 4, stateful_step_count=10, derandomize=True)
    build_journey(SCHEMAS[name]).run(settings=steady)

    assert {"ok", "succeeded", "failed"} <= cast(World, SCHEMAS[name].app).reached
