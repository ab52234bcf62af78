"""A provider that is a folder of data somewhere: every command takes it as it is."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.cli import main
from tests.cli.conftest import QUIET, Start, read_ready

ACORN = str(Path(__file__).parents[2] / "fixtures" / "acorn")


@pytest.fixture
def ready(start: Start) -> dict[str, Any]:
    """What `mockserver serve` says once it serves acorn."""
    return read_ready(start("serve", *QUIET, "--provider", "acorn", "--contract", ACORN))


@pytest.mark.parametrize("mount", ["", "/acorn"])
def test_serve_plays_a_contract_that_it_is_given(ready: dict[str, Any], mount: str) -> None:
    """Behind its name, and at the root since it is alone, acorn takes an order and tells of it."""
    order = {"species": "wild-nut", "job": {"wish": "a nut"}}
    headers = {"Authorization": "Bearer sk-mock-me"}
    with httpx.Client(base_url=ready["url"] + mount, headers=headers) as client:
        taken = client.post("/v1/plantings", json=order)
        seen = client.get(taken.headers["location"])

    assert list(ready["providers"]) == ["acorn"]
    assert (taken.status_code, seen.status_code) == (201, 200)
    assert seen.json()["planting"] == taken.json()["planting"]


def test_lint_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Acorn keeps every rule, and says what it assumes."""
    assert main(["lint", ACORN]) == 0
    assert capsys.readouterr().out == "0 findings in 1 contract; 7 assumed\n"


def test_models_tells_prices_by_nested_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """The list of models shows rows, fields below others, and what a price is multiplied by."""
    assert main(["models", "--provider", "acorn", "--contract", ACORN]) == 0

    line = next(row for row in capsys.readouterr().out.splitlines() if "quick-oak" in row)
    assert "1.75 (look/bark smooth, look/outline wide)" in line
    assert line.endswith("else 0.5; times duration")


def test_routes_shows_both_ways_to_cancel(capsys: pytest.CaptureFixture[str]) -> None:
    """Every operation is listed with its method, its path and its role."""
    assert main(["routes", "--provider", "acorn", "--contract", ACORN]) == 0

    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert [(row[0], row[2]) for row in rows if row[-1:] == ["cancel"]] == [
        ("DELETE", "uprootPlanting"),
        ("POST", "fellPlanting"),
    ]
