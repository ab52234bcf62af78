"""How much is measured: the whole benchmark, and a quick look."""

from dataclasses import dataclass

from tests.bench.machine import Cores


@dataclass(frozen=True)
class Plan:
    """How often and how long; durations in seconds."""

    rounds: int = 5
    run: float = 1.5  # of load that counts
    warm_up: float = 0.5  # of load before it
    java_warm_up: float = 8.0
    starts: int = 9
    crowd: int = 100_000  # live tasks
    slope_from: int = 20_000  # live tasks at which memory is read first
    bursts: int = 15  # of load, in turn on the server with a crowd and on the one with few tasks
    burst: int = 4_000  # requests
    pairs: float = 3.0
    files: int = 40
    due: int = 10_000  # tasks that fall due at once
    advances: int = 3


QUICK = Plan(
    rounds=2,
    run=0.5,
    warm_up=0.2,
    java_warm_up=2.0,
    starts=3,
    crowd=40_000,
    bursts=5,
    burst=2_000,
    pairs=0.7,
    files=10,
    advances=1,
)


@dataclass(frozen=True)
class Setting:
    """What every measure needs: how much, and on which cores."""

    plan: Plan
    cores: Cores | None

    @property
    def server(self) -> int | None:
        """The core of the server under test."""
        return None if self.cores is None else self.cores.server

    @property
    def load(self) -> int | None:
        """The core of the load generator."""
        return None if self.cores is None else self.cores.load
