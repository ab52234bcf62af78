"""Fault rules as people write them: in JSON, YAML or Python, one flat mapping for each.

`{fault: reset, operation: submit, count: 1, nth: 2, probability: 0.3, after: 10s, until: 60s,
task: {model: …, phase: …, prompt: …}}`. All other keys are settings of the fault.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mockserver.clock import format_span, parse_span
from mockserver.contract.moments import Phase
from mockserver.engine.trouble.fault import FaultRule, Registry, Target
from mockserver.errors import UsageError
from mockserver.hint import suggest

TASK_WORDS: Final = ("id", "model", "phase", "state", "prompt")


def read_rule(words: object, registry: Registry, where: str = "fault") -> FaultRule:
    """The rule that some words mean; raises UsageError that begins with `where`."""
    if not isinstance(words, Mapping):
        raise UsageError(f"{where}: {words!r} is no rule; write {{fault: reset, count: 1}}")
    name = words.get("fault")
    if not isinstance(name, str):
        raise UsageError(f"{where}: 'fault' must name a fault, such as {{fault: reset, count: 1}}")
    name = name.replace("_", "-")
    if name not in registry.names:
        raise UsageError(f"{where}: there is no fault {name!r}; {suggest(name, registry.names)}")
    known = list(registry.list_settings(name))
    settings = {}
    for key, value in words.items():
        plain = str(key).replace("-", "_")
        if plain in known:
            settings[plain] = value
        elif key != "fault" and plain not in _TARGETS:
            hint = suggest(plain, [*known, *_TARGETS])
            raise UsageError(f"{where}: {name} has no setting {key!r}; {hint}")
    try:
        fault = registry.build(name, settings)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    return FaultRule(name, settings, read_target(words, where), fault)


def read_target(words: Mapping[str, Any], where: str) -> Target:
    """Whom a rule is meant for; its other words are passed over."""
    found: dict[str, Any] = {}
    for key, value in words.items():
        plain = str(key).replace("-", "_")
        if plain not in _TARGETS:
            continue
        try:
            found[plain] = _TARGETS[plain](value)
        except ValueError as error:
            raise UsageError(f"{where}: {key!r} {error}") from error
    target = Target(**found)
    if target.until is not None and target.until <= (target.after or 0):
        raise UsageError(f"{where}: 'until' lies before 'after'; it is counted from the same start")
    return target


def write_rule(rule: FaultRule) -> dict[str, object]:
    """The words of a rule, from which it can be read again."""
    target = rule.target
    spans = {"after": target.after, "until": target.until}
    words = {
        "fault": rule.name,
        **rule.settings,
        "operation": target.operation,
        "nth": None if target.nth is None else list(target.nth),
        "task": dict(target.task) or None,
        "probability": None if target.probability == 1 else target.probability,
        "count": target.count,
        **{name: None if span is None else format_span(span) for name, span in spans.items()},
    }
    return {name: value for name, value in words.items() if value is not None}


def _read_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text")
    return value


def _read_nth(value: object) -> tuple[int, ...]:
    numbers = value if isinstance(value, list | tuple) else [value]
    if not numbers or not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError("must be a whole number from 1 on, or a list of them")
    return tuple(numbers)


def _read_count(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("must be a whole number from 1 on")
    return value


def _read_probability(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:  # type: ignore[operator]
        raise ValueError("must be a number from 0 to 1")
    return float(value)  # type: ignore[arg-type]


def _read_task(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"must be a mapping with {', '.join(TASK_WORDS)}")
    for name, wanted in value.items():
        if name not in TASK_WORDS:
            raise ValueError(f"has no {name!r}; {suggest(str(name), TASK_WORDS)}")
        if not isinstance(wanted, str | int | float if name == "state" else str):
            raise ValueError(f"has {name!r}: {wanted!r}; write one text")
        if name == "phase" and wanted not in set(Phase):
            raise ValueError(f"has the phase {wanted!r}; use one of {', '.join(Phase)}")
    return dict(value)


_TARGETS: Final[dict[str, Callable[[object], object]]] = {
    "operation": _read_text,
    "nth": _read_nth,
    "task": _read_task,
    "probability": _read_probability,
    "count": _read_count,
    "after": parse_span,
    "until": parse_span,
}
TARGET_WORDS: Final = tuple(_TARGETS)
