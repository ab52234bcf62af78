"""Which of its operation's shapes a body has, or comes nearest to if it has left them all."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from mockserver.contract.facts import Facts
from mockserver.contract.model import Operation
from mockserver.contract.moments import CONDITIONS
from mockserver.contract.shape import Shape
from mockserver.contract.validate import Violation
from mockserver.record.outline import (
    Leaf,
    find_undeclared,
    find_value,
    list_leaves,
    open_strings,
    read_facts,
)

UNLISTED: Final = "unlisted refusal"  # the moment of a refusal whose code no shape has

_OTHER_CODE: Final = 10  # how much worse a shape with another code fits; other breaches count 1
_OTHER_STATE: Final = 5


class Form:
    """A shape made ready for judging many bodies."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.moment = "|".join(shape.moments)
        self.leaves: tuple[Leaf, ...] = tuple(list_leaves(shape.schema))
        self.fact_of = {leaf.pointer: leaf.fact for leaf in self.leaves}

    @property
    def is_refusal(self) -> bool:
        """Whether it says no."""
        return all(moment in CONDITIONS for moment in self.shape.moments)


class Fit(NamedTuple):
    """A body and the shape that it has, or comes nearest to."""

    form: Form
    opened: object  # the body, JSON in strings opened
    facts: Facts
    violations: list[Violation]

    @property
    def moment(self) -> str:
        """The moments of the shape, or that of a refusal which has none."""
        return UNLISTED if self.has_new_code else self.form.moment

    @property
    def has_new_code(self) -> bool:
        """Whether it is a refusal with a code of its own."""
        return self.form.is_refusal and any(
            self.form.fact_of.get(found.pointer) == "reply.code" and _is_code(self, found.pointer)
            for found in self.violations
        )


def find_fit(forms: Iterable[Form], body: object, status: int | None) -> Fit:
    """The shape that accepts a body, else the one that it comes nearest to."""
    forms = tuple(forms)
    accepting = [form for form in forms if _is_accepted(form, body)]
    fits = [_fit(form, body, is_accepted=form in accepting) for form in accepting or forms]
    return min(fits, key=lambda fit: _weigh(fit, status))


def _is_accepted(form: Form, body: object) -> bool:
    try:
        return form.shape.accepts(body)
    except ValueError:
        return False  # see below


def _find_violations(form: Form, body: object) -> list[Violation]:
    try:
        return form.shape.find_violations(body)
    except ValueError:
        # The library looks at 255 levels; what is deeper keeps no contract.
        return [Violation("", "depth", "is nested too deeply", "body", missing=False)]


def _fit(form: Form, body: object, *, is_accepted: bool) -> Fit:
    shape = form.shape
    opened = open_strings(shape.schema, body)
    violations = [] if is_accepted else _find_violations(form, body)
    return Fit(form, opened, read_facts(form.leaves, opened), violations)


def _weigh(fit: Fit, status: int | None) -> tuple[int, int, bool]:
    weight = 0
    for violation in fit.violations:
        fact = fit.form.fact_of.get(violation.pointer)
        if fact == "reply.code":
            weight += _OTHER_CODE if _is_code(fit, violation.pointer) else 1
        else:
            weight += _OTHER_STATE if fact == "task.state" else 1
    undeclared = sum(1 for _ in find_undeclared(fit.form.shape.schema, fit.opened))
    return weight, undeclared, fit.form.shape.status != status


def _is_code(fit: Fit, pointer: str) -> bool:
    """Whether what stands there can be a code at all."""
    value = find_value(fit.opened, pointer)
    return isinstance(value, int) and not isinstance(value, bool)


def list_forms(operation: Operation) -> tuple[Form, ...]:
    """The forms of what an operation replies."""
    return tuple(Form(shape) for shape in dict.fromkeys(operation.shapes.values()))


def list_callback_forms(operation: Operation) -> tuple[Form, ...]:
    """The forms of what an operation's callbacks say."""
    shapes = (shape for form in operation.callbacks for shape in form.shapes.values())
    return tuple(Form(shape) for shape in dict.fromkeys(shapes))
