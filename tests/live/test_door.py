"""Nothing live is asked by accident; with a key, the same laws run, here against an emulator."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import Purse, find_bar

ROOT = Path(__file__).parents[2]
KEY = "sk-mock-live"


@pytest.fixture
def server() -> Iterator[str]:
    """An emulator whose tasks end at once."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--speed", "inf"]
    with subprocess.Popen([*command, "--log-format", "json"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


def run_live(*flags: str, **variables: str) -> str:
    """What pytest says about the laws in this folder."""
    known = {k: v for k, v in os.environ.items() if not k.startswith(("KIE_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist"]
    laws = "tests/live/test_live_laws.py"
    run = subprocess.run(
        [*command, laws, *flags],
        cwd=ROOT,
        env=known | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.stdout


CLOSED: list[tuple[str, float, dict[str, str], str]] = [
    ("", 20, {"KIE_API_KEY": KEY}, "by name only"),
    ("kie", 20, {}, "set KIE_API_KEY"),
    ("kie", 20, {"KIE_API_KEY": ""}, "set KIE_API_KEY"),
    ("kie", 0, {"KIE_API_KEY": KEY}, "say how much"),
]


@pytest.mark.parametrize(("name", "credits", "environment", "reason"), CLOSED)
def test_nothing_is_asked_by_accident(
    name: str, credits: float, environment: dict[str, str], reason: str
) -> None:
    """Without a name, a key or a ceiling the door is closed, and says why."""
    assert reason in (find_bar(name, credits, environment) or "")


def test_it_is_open_for_who_asks_and_pays() -> None:
    """With a name, a key and a ceiling nothing stands in the way."""
    assert find_bar("kie", 20, {"KIE_API_KEY": KEY}) is None


def test_the_purse_believes_the_balance() -> None:
    """What the provider has taken counts, where that is more than the contract says."""
    purse = Purse(10)

    purse.look(500)
    purse.look(494)

    assert purse.left == 4


def test_the_same_laws_hold_where_the_key_leads(server: str) -> None:
    """With an emulator at the other end the laws pass, and spend no more than they may."""
    variables = {"KIE_BASE_URL": f"{server}/kie", "KIE_API_KEY": KEY}
    said = run_live("--live", "kie", "--live-credits", "1.7", "--live-orders", "1", **variables)
    account = httpx.get(f"{server}/_mock/accounts/{KEY}").json()

    assert "2 passed, 1 skipped" in said
    assert 0 < 100_000 - account["balances"]["kie"] <= 1.7
    assert KEY not in said
