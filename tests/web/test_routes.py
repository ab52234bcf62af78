"""Addresses are made from contracts: under a name, at the root, under the provider's host."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mockserver.contract.model import Contract
from mockserver.contract.path import compile_template
from mockserver.web.routes import build_local_site, build_provider_sites


@pytest.fixture
def contract(contracts: Sequence[Contract]) -> Contract:
    return next(contract for contract in contracts if contract.name == "gptimage15")


def with_path(contract: Contract, path: str) -> Contract:
    """The contract with one operation, moved to another path."""
    operation = contract.operations["status"]
    return replace(contract, operations={"status": replace(operation, path=path)})


def test_every_operation_is_found_under_its_providers_name(contracts: Sequence[Contract]) -> None:
    """Each declared call has an address of its own."""
    site = build_local_site(contracts)

    for contract in contracts:
        for operation in contract.operations.values():
            path = f"/{contract.name}{operation.path}".replace("{model}", "a/b")
            found = site.find_template(operation.method, path)
            route = found[0] if found else site.exact[operation.method, path]
            assert (route.contract, route.operation) == (contract, operation)


def test_an_operation_may_have_servers_of_its_own(contracts: Sequence[Contract]) -> None:
    """Under a host's name there is what is served there, and nothing else."""
    sites = build_provider_sites(contracts)
    paths = {path for _, path in sites["kieai.redpandaai.co"].exact}

    assert paths == {f"/api/file-{way}-upload" for way in ("base64", "stream", "url")}
    assert not paths & {path for _, path in sites["api.kie.ai"].exact}


def test_parameters_in_a_path_are_taken_out(contract: Contract) -> None:
    """A path with braces fits any value in their place, but not a slash."""
    site = build_local_site([with_path(contract, "/tasks/{task_id}/state.json")])

    found = site.find_template("GET", "/gptimage15/tasks/a b/state.json")

    assert found is not None
    assert found[1] == {"task_id": "a b"}
    assert site.find_template("GET", "/gptimage15/tasks/a/b/state.json") is None
    assert site.find_template("GET", "/gptimage15/tasks/a/stateXjson") is None
    assert site.find_template("POST", "/gptimage15/tasks/a/state.json") is None


def test_a_template_keeps_odd_letters() -> None:
    """Letters that mean something in patterns mean themselves in a path."""
    assert compile_template("/a+b/{x}").fullmatch("/a+b/1")
    assert not compile_template("/a+b/{x}").fullmatch("/aab/1")


def test_a_path_of_the_servers_own_stays_in_front(contract: Contract) -> None:
    """A contract whose server has a path is served behind that path under the host's name."""
    moved = replace(contract, servers=("https://API.acme.example/v3/", "/relative"))

    (site,) = build_provider_sites([moved]).values()

    assert ("POST", "/v3/api/generate") in site.exact
    assert "api.acme.example" in build_provider_sites([moved])


def test_a_path_belongs_to_the_provider_it_names(contracts: Sequence[Contract]) -> None:
    """Paths that lead to no operation are answered by the provider they begin with, if any."""
    site = build_local_site(contracts)

    kie, nobody = site.find_contract("/kie/nope"), site.find_contract("/kiee/nope")

    assert kie is not None
    assert kie.name == "kie"
    assert nobody is None
