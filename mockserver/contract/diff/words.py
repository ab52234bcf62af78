"""The words of two contracts about time, money and limits, compared as facts."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mockserver.clock import parse_span
from mockserver.contract.diff.change import Change, Verdict
from mockserver.contract.diff.schemas import write
from mockserver.contract.document import walk
from mockserver.contract.model import Contract, Failure, Role

_BREAKING, _COMPATIBLE, _UNSURE = Verdict.BREAKING, Verdict.COMPATIBLE, Verdict.UNSURE

# What another value of a word does to clients; words that are not here are only for people.
_RATED: Final = {
    "http_status": _BREAKING,
    "idempotency": _BREAKING,
    "charge": _COMPATIBLE,
    "refund": _COMPATIBLE,
    "gates": _COMPATIBLE,
    "polling": _COMPATIBLE,
    "walk": _COMPATIBLE,
    "opening_balance": _COMPATIBLE,
    "ids": _UNSURE,  # some clients check what an id looks like
    "default_tier": _UNSURE,
    "unknown_path": _UNSURE,
}
_DELIVERY: Final = {
    "when": _UNSURE,
    "within": _UNSURE,
    "attempts": _UNSURE,
    "spacing": _COMPATIBLE,
    "signature": _BREAKING,
}


def compare_words(old: Contract, new: Contract) -> Iterator[Change]:
    """Everything in which the words of two contracts differ."""
    before, after = (drop_basis(c.document.root["x-provider"]) for c in (old, new))
    yield from _compare_servers(old, new)
    yield from _compare_states(old, new)
    yield from _compare_limits(before, after)
    yield from _compare_failures(old, new)
    yield from _compare_retention(before.get("retention", {}), after.get("retention", {}))
    for word, verdict in _RATED.items():
        yield from _compare_word(word, verdict, before.get(word), after.get(word))
    yield from _compare_deliveries(old, new)


def drop_basis(node: Any) -> Any:
    """Words without how they are known."""
    if isinstance(node, Mapping):
        return {name: drop_basis(child) for name, child in node.items() if name != "x-basis"}
    return [drop_basis(child) for child in node] if isinstance(node, list) else node


def _compare_word(place: str, verdict: Verdict, old: Any, new: Any) -> Iterator[Change]:
    if old != new:
        yield Change(verdict, place, "", f"{write(old)} became {write(new)}")


def _compare_servers(old: Contract, new: Contract) -> Iterator[Change]:
    for server in old.servers:
        if server not in new.servers:
            yield Change(_BREAKING, "servers", "", f"{server} is gone")
    for server in new.servers:
        if server not in old.servers:
            yield Change(_COMPATIBLE, "servers", "", f"{server} is new")


def _compare_states(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = old.lifecycle.by_name, new.lifecycle.by_name
    for name in dict.fromkeys([*before, *after]):
        place = f"state {name}"
        if name not in after:
            yield Change(_COMPATIBLE, place, "", "is gone")
        elif name not in before:
            yield Change(_BREAKING, place, "", f"is new, and means {after[name].phase}")
        elif before[name].phase != after[name].phase:
            told = f"meant {before[name].phase}, means {after[name].phase}"
            yield Change(_BREAKING, place, "", told)
        elif before[name].next != after[name].next:
            was, is_now = (list(each[name].next) for each in (before, after))
            told = f"was followed by {write(was)}, is followed by {write(is_now)}"
            yield Change(_COMPATIBLE, place, "", told)


def _compare_limits(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = _list_limits(old), _list_limits(new)
    for key in dict.fromkeys([*before, *after]):
        was, is_now = before.get(key), after.get(key)
        if was != is_now:
            tighter = is_now is not None and (was is None or is_now < was)
            told = f"{'no limit' if was is None else was} became "
            told += f"{'no limit' if is_now is None else is_now}"
            place = f"limit of {' '.join(filter(None, key))}"
            yield Change(_BREAKING if tighter else _COMPATIBLE, place, "", told)


def _list_limits(words: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
    """The number of each limit, by tier, what it counts, and its window."""
    tiers = {"": words.get("limits", ()), **words.get("tiers", {})}
    return {
        (tier, str(row["of"]), f"per {row['per']}" if "per" in row else ""): row["max"]
        for tier, rows in tiers.items()
        for row in (rows.get("limits", ()) if isinstance(rows, Mapping) else rows)
    }


def _compare_failures(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _list_failures(old, new), _list_failures(new, old)
    for place in dict.fromkeys([*before, *after]):
        was, is_now = before.get(place), after.get(place)
        if is_now is None:
            yield Change(_COMPATIBLE, place, "", "is gone")
        elif was is None:
            yield Change(_UNSURE, place, "", f"is new: {write(is_now.code)}")
        else:
            yield from _compare_word(place, _UNSURE, was.code, is_now.code)
            yield from _compare_word(place, _COMPATIBLE, was.message, is_now.message)


def _list_failures(contract: Contract, other: Contract) -> dict[str, Failure]:
    """How tasks fail, by place: in general, and where a submit that both have says otherwise."""
    found = {f"failure {name}": failure for name, failure in contract.failures.items()}
    for operation in contract.find_role(Role.SUBMIT):
        if operation.id in other.operations and operation.failures != contract.failures:
            found |= {f"failure {n} of {operation.id}": f for n, f in operation.failures.items()}
    return found


def _compare_retention(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        was, is_now = old.get(name), new.get(name)
        if was != is_now:
            shorter = is_now is not None and (was is None or parse_span(is_now) < parse_span(was))
            told = f"{was or 'for ever'} became {is_now or 'for ever'}"
            yield Change(_BREAKING if shorter else _COMPATIBLE, f"retention of {name}", "", told)


def _compare_deliveries(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _list_deliveries(old), _list_deliveries(new)
    for pointer in before.keys() & after.keys():
        for word, verdict in _DELIVERY.items():
            was, is_now = before[pointer].get(word), after[pointer].get(word)
            yield from _compare_word(f"delivery {word}", verdict, was, is_now)


def _list_deliveries(contract: Contract) -> dict[str, Mapping[str, Any]]:
    return {
        pointer: drop_basis(node["x-delivery"])
        for pointer, node in walk(contract.document.root.get("paths", {}))
        if isinstance(node.get("x-delivery"), Mapping)
    }
