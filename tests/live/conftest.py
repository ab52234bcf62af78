"""The door to live APIs: closed unless somebody asks, has a key, and says what it may cost.

    KIE_API_KEY=… pytest tests/live --live kie --live-credits 20

KIE_BASE_URL points elsewhere, for example to an emulator.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from imagejobs.dialects import DIALECTS
from tests.laws.orders import Wanted

HOW = "pytest tests/live --live kie --live-credits 20"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("live", "laws against live APIs, which cost credits")
    group.addoption("--live", action="append", choices=sorted(DIALECTS), help="whom to ask")
    group.addoption(
        "--live-credits", type=float, default=0.0, help="spend no more than this in the whole run"
    )
    group.addoption(
        "--live-orders", type=int, default=2, help="orders for each law, as far as credits go"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--live", None) and hasattr(config, "workerinput"):
        raise pytest.UsageError("each worker would spend the credits anew; run with -n 0")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "live" in metafunc.fixturenames:
        metafunc.parametrize("live", metafunc.config.getoption("--live", None) or [""])


@dataclass
class Purse:
    """What may still be spent in this run."""

    left: float
    kept: float | None = None  # what the balance may not fall below, once it is known

    def look(self, balance: float | None) -> None:
        """Believe the provider if it has taken more than the contract says."""
        if balance is None:
            return
        if self.kept is None:
            self.kept = balance - self.left
        self.left = min(self.left, balance - self.kept)

    def pay(self, order: Wanted) -> bool:
        """Put the price of an order aside; False if it is unknown or too much."""
        assert order.variant is not None
        price = order.variant.price
        if price is None:
            return False
        given = order.variant.find_input(order.build_body())
        credits = price.compute(given, order.variant.defaults) / 1000
        if credits <= 0 or credits > self.left:
            return False
        self.left -= credits
        return True


@pytest.fixture(scope="session")
def purse(pytestconfig: pytest.Config) -> Purse:
    """One purse for the whole run."""
    return Purse(pytestconfig.getoption("--live-credits", 0.0))


def find_bar(live: str, credits: float, environment: Mapping[str, str]) -> str | None:
    """Why nobody may be asked; None if somebody may."""
    if not live:
        return f"live APIs cost credits, so they are asked by name only: {HOW}"
    name = f"{DIALECTS[live].prefix}_API_KEY"
    if not environment.get(name):
        return f"there is no key for {live}: set {name}"
    if credits <= 0:
        return f"nothing may be spent: say how much, as in {HOW}"
    return None


@pytest.fixture
def live_provider(live: str, pytestconfig: pytest.Config) -> str:
    """The provider to ask; skips with the reason if nobody may be asked."""
    bar = find_bar(live, pytestconfig.getoption("--live-credits", 0.0), os.environ)
    if bar is not None:
        pytest.skip(bar)
    return live
