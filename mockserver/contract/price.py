"""What a task costs: the word `x-price`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from mockserver.contract.expression import parse_source
from mockserver.contract.validate import Validator
from mockserver.contract.yields import Yields, find_field, read_number
from mockserver.errors import ContractError

_MEGAPIXEL: Final = 1_000_000

Input = Mapping[str, object]
Measure = Callable[[Input, Input], float]


def to_thousandths(credits: float) -> int:
    """Credits as a contract writes them, in thousandths."""
    return round(credits * 1000)


@dataclass(frozen=True)
class PriceRow:
    """One row of a price table: it counts if every named field has what it waits for."""

    when: Mapping[str, object]
    credits: int  # thousandths

    def fits(self, data: Input, defaults: Input) -> bool:
        """Whether an input is what the row waits for."""
        for path, wanted in self.when.items():
            value = find_field(data, path)
            if value is None:
                value = defaults.get(path)
            if isinstance(wanted, dict):
                if value is None or not self._validators[path].accepts(value):
                    return False
            elif value not in wanted if isinstance(wanted, list) else value != wanted:
                return False
        return True

    @cached_property
    def _validators(self) -> Mapping[str, Validator]:
        schemas = ((path, wanted) for path, wanted in self.when.items())
        return {p: Validator(w, f"x-price, {p}") for p, w in schemas if isinstance(w, Mapping)}


@dataclass(frozen=True, slots=True)
class Extra:
    """What each item of a list costs more, after the first few."""

    each: str  # a field of the input
    after: int
    credits: int  # thousandths

    def compute(self, data: Input) -> int:
        """Thousandths of a credit for an input."""
        items = find_field(data, self.each)
        return self.credits * max(0, len(items) - self.after) if isinstance(items, list) else 0


@dataclass(frozen=True)
class Price:
    """An ordered price table over the fields of the input; the first row that fits counts."""

    rows: tuple[PriceRow, ...]
    otherwise: int  # thousandths
    times: str | None = None  # a field of the input by whose number the row is multiplied
    measure: Measure | None = None  # what else it is multiplied by
    per: str | None = None  # what that is, for people: "second", "1000 characters of text"
    measured: tuple[str, ...] = ()  # the fields that it looks at for this
    extra: Extra | None = None

    def compute(self, data: Input, defaults: Input) -> int:
        """The price of an input in thousandths of a credit; absent fields count as defaults."""
        amount: float = self.otherwise
        for row in self.rows:
            if row.fits(data, defaults):
                amount = row.credits
                break
        if self.times is not None:
            count = find_field(data, self.times)
            amount *= read_number(defaults.get(self.times) if count is None else count) or 1
        if self.measure is not None:
            amount *= self.measure(data, defaults)
        return round(amount) + (self.extra.compute(data) if self.extra else 0)


def build_price(words: Any, place: tuple[str, ...], yields: Yields | None, where: str) -> Price:
    """The price table of `x-price`: a number, or rows with conditions on the input.

    `place` is the path of the input in the body, `yields` what the task makes.
    """
    if not isinstance(words, Mapping):
        return Price((), to_thousandths(words))
    rows = tuple(
        PriceRow(dict(row["when"]), to_thousandths(row["credits"])) for row in words.get("rows", ())
    )
    times, per, plus = (words.get(name) for name in ("times", "per", "plus"))
    return Price(
        rows,
        to_thousandths(words["else"]),
        None if times is None else _find_path(times, place, f"{where}/times"),
        None if per is None else _choose_measure(per, yields, f"{where}/per"),
        _describe_measure(per),
        (per["of"].partition("/")[0],) if isinstance(per, Mapping) else (),
        plus and Extra(plus["each"], plus.get("after", 0), to_thousandths(plus["credits"])),
    )


def _find_path(expression: str, place: tuple[str, ...], where: str) -> str:
    """The slash-separated path, within the input, of what an expression points at."""
    try:
        source, names = parse_source(expression)
    except ValueError as error:
        raise ContractError(where, str(error)) from error
    depth = len(place)
    if source != "request.body" or names[:depth] != place or len(names) == depth:
        raise ContractError(
            where,
            f"{expression} is no field of the input",
            f"write $request.body#/{'/'.join([*place, 'field'])}",
        )
    return "/".join(names[depth:])


def _choose_measure(per: Any, yields: Yields | None, where: str) -> Measure:
    if isinstance(per, Mapping):
        names, unit = per["of"].split("/"), per["characters"]
        return lambda data, defaults: _count_characters(data, names) / unit
    measure = _list_measures(yields).get(per) if yields else None
    if measure is None:
        raise ContractError(where, f"the x-yields beside it say nothing of a {per}")
    return measure


def _list_measures(yields: Yields) -> Mapping[str, Measure]:
    """What can be counted in the things that are made."""
    found: dict[str, Measure] = {"result": yields.count_results}
    if yields.seconds is not None:
        found["second"] = yields.seconds.compute
    if (size := yields.size) is not None:

        def count_megapixels(data: Input, defaults: Input) -> float:
            width, height = size.compute(data, defaults)
            return width * height * yields.count_results(data, defaults) / _MEGAPIXEL

        found["megapixel"] = count_megapixels
    return found


def _count_characters(value: object, names: list[str]) -> int:
    """Characters of the texts at a path; a list on the way stands for each of its items."""
    if isinstance(value, list):
        return sum(_count_characters(item, names) for item in value)
    if names:
        child = value.get(names[0]) if isinstance(value, Mapping) else None
        return _count_characters(child, names[1:])
    return len(value) if isinstance(value, str) else 0


def _describe_measure(per: Any) -> str | None:
    if isinstance(per, Mapping):
        return f"{per['characters']} characters of {per['of']}"
    return None if per is None else str(per)
