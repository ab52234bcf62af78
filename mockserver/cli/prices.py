"""Prices for people: whole tables in a line, or what they range over."""

from collections.abc import Mapping

from mockserver.contract.price import Price


def describe_price(price: Price) -> str:
    """A price table in one line: "3 (resolution 1K), 5 (resolution 2K), else 8"."""
    parts = []
    for row in price.rows:
        when = ", ".join(f"{name} {_describe_wanted(value)}" for name, value in row.when.items())
        parts.append(f"{format_credits(row.credits)} ({when})")
    if all(row.credits != price.otherwise for row in price.rows):
        parts.append(f"{'else ' if parts else ''}{format_credits(price.otherwise)}")
    return _add_factors(", ".join(parts), price)


def outline_price(price: Price) -> str:
    """What a price ranges over, and by which fields: "8..18 by resolution"."""
    amounts = sorted({price.otherwise, *(row.credits for row in price.rows)})
    low, high = format_credits(amounts[0]), format_credits(amounts[-1])
    fields = ", ".join(dict.fromkeys(name for row in price.rows for name in row.when))
    span = low if low == high else f"{low}..{high} by {fields}"
    return _add_factors(span, price)


def _describe_wanted(wanted: object) -> str:
    if isinstance(wanted, Mapping):
        return "given"
    return " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)


def _add_factors(amount: str, price: Price) -> str:
    """An amount with what it is multiplied by: "5 per result", "3..8 by size; per second"."""
    said = [f"times {price.times}"] if price.times else []
    said += [f"per {price.per}"] if price.per else []
    if price.extra:
        after = f" after {price.extra.after}" if price.extra.after else ""
        said.append(f"{format_credits(price.extra.credits)} for each of {price.extra.each}{after}")
    if price.per and not price.times and " " not in amount:
        return "; ".join([f"{amount} {said[0]}", *said[1:]])
    return "; ".join([amount, *said])


def format_credits(thousandths: int) -> str:
    """Credits without trailing zeros: 4500 is "4.5"."""
    whole, part = divmod(thousandths, 1000)
    return f"{whole}.{part:03}".rstrip("0").rstrip(".")
