"""Numbers of a command line, none of which is infinite or no number at all."""

import math
from typing import Any

import click


class Number(click.FloatRange):
    """A finite number within bounds; "nan" is below none and would pass each of them."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; a complaint if it is none, or outside the bounds."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number to reckon with.", param, ctx)
        return number
