"""Near misses: which operation a request for no operation was probably meant for."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from mockserver.contract.model import Contract, Operation

_MAX_PATH = 300  # characters that are compared
_SCENARIO = r"^((?:/[^/]+)?)/_/[^/]+(?=/)"

Served = Sequence[tuple[Contract, Operation]]


def explain_miss(contracts: Sequence[Contract], method: str, path: str) -> str:
    """One sentence: what is not served, why, and what comes nearest.

    A path may begin with a provider's name, as on a server that has several, and name a scenario.
    """
    served = [(c, operation) for c in contracts for operation in c.operations.values()]
    plain = strip_scenario(path)
    nearest = _match(served, method, plain) or _guess(served, method, plain)
    sentence = f"{method} {path} is not served"
    return f"{sentence}; {nearest}" if nearest else sentence


def strip_scenario(path: str) -> str:
    """A path without what names a scenario, which stands behind a provider's name if there is one.

    `/acorn/_/flaky/jobs` is the address of `/acorn/jobs` in the scenario `flaky`.
    """
    return re.sub(_SCENARIO, r"\1", path, count=1)


def explain_model(asked: str, models: Sequence[str]) -> str:
    """One sentence: that there is no such model, and which one comes nearest."""
    near = get_close_matches(asked[:_MAX_PATH], models, 1, 0.4)
    shown = asked if len(asked) <= _MAX_PATH else f"{asked[:_MAX_PATH]}…"
    sentence = f"{shown!r} is none of the {len(models)} models"
    return f"{sentence}; nearest: {near[0]!r}" if near else sentence


def _match(served: Served, method: str, path: str) -> str | None:
    """An operation whose path it is but for slashes, the method or the provider's name."""
    plain = re.sub("/+", "/", path).rstrip("/")
    for contract, operation in sorted(served, key=lambda pair: pair[1].method != method):
        for prefix in (f"/{contract.name}", ""):
            if _compile(prefix + operation.path).fullmatch(plain):
                return _explain(contract, operation, method, path)
    return None


def _explain(contract: Contract, operation: Operation, method: str, path: str) -> str:
    reasons = {
        f"the method is {operation.method}": operation.method != method,
        "a slash is doubled": "//" in path,
        "a slash stands at the end": path.endswith("/"),
    }
    found = [reason for reason, holds in reasons.items() if holds]
    prefix = f"/{contract.name}"
    if not found:
        found = [f"the path begins with {prefix}"]
    elif not path.lstrip("/").startswith(f"{contract.name}/"):
        prefix = ""
    return f"{', '.join(found)}; nearest: {operation.method} {prefix}{operation.path}"


def _guess(served: Served, method: str, path: str) -> str | None:
    """The most similar operation, if one is similar enough."""
    lines = [
        f"{operation.method} {prefix}{operation.path}"
        for contract, operation in served
        for prefix in (f"/{contract.name}", "")
    ]
    nearest = get_close_matches(f"{method} {path[:_MAX_PATH]}", lines, 1, 0.6)
    return f"nearest: {nearest[0]}" if nearest else None


def _compile(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))
