"""The fault `latency`."""

from dataclasses import dataclass
from math import cos, exp, log, pi, sqrt

from mockserver.draw import Draw
from mockserver.engine.carriage import Carriage
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import SPAN, choice, number, setting
from mockserver.faults.wire_fault import WireFault


@dataclass(frozen=True)
class Latency(WireFault):
    """The reply comes late."""

    span: int = setting("1s", SPAN, "how late; the least if uniform, the median if log-normal")
    spread: str = setting("fixed", choice("fixed", "uniform", "log-normal"), "how it varies")
    most: int = setting("30s", SPAN, "the most, if it varies")
    sigma: float = setting(0.5, number(0, 5), "the standard deviation of its logarithm")

    def __post_init__(self) -> None:
        if self.spread != "fixed" and self.most < self.span:
            raise ValueError("'most' is less than 'span'")

    def carry(self, act: Act) -> Carriage:
        """Wait before the first byte."""
        return Carriage(delay=self._draw(act.chance.branch(b"latency")))

    def _draw(self, chance: Draw) -> int:
        if self.spread == "fixed":
            return self.span
        if self.spread == "uniform":
            return chance.pick_between(self.span, self.most)
        # A normal variate of two uniform ones, by Box and Muller.
        first, second = 1 - chance.fraction(), chance.branch(b"2").fraction()
        variate = sqrt(-2 * log(first)) * cos(2 * pi * second)
        return round(min(self.most, self.span * exp(self.sigma * variate)))
