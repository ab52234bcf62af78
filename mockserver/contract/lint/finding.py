"""What a rule says: a complaint at a place, and the finding that it becomes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mockserver.contract.lint.subject import Subject


class Complaint(NamedTuple):
    """One place that breaks a rule."""

    where: str  # file and JSON pointer
    problem: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint of one rule, as people read it."""

    where: str  # file and JSON pointer: acme/contract.yaml#/paths
    rule: str  # the rule's name in dashed words
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.where}: {self.problem}{hint}"


Check = Callable[[Subject], Iterator[Complaint]]


def name_rule(check: Check) -> str:
    """A rule's name in dashed words: that of its function without the verb."""
    return check.__name__.removeprefix("check_").replace("_", "-")


def describe_rule(check: Check) -> str:
    """What a rule asks for, in a sentence: its docstring."""
    return " ".join((check.__doc__ or "").split())
