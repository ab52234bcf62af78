"""Compares two contracts, or two editions of one: what changes for clients of the old one."""

from mockserver.contract.diff.change import Change, Verdict, sort_changes
from mockserver.contract.diff.operations import compare_operations
from mockserver.contract.diff.words import compare_words
from mockserver.contract.model import Contract

__all__ = ["Change", "Verdict", "compare"]


def compare(old: Contract, new: Contract) -> list[Change]:
    """Every change, the worst first; none if clients cannot tell the two apart.

    Requests are compared by what is accepted (more is compatible), replies by what is sent (less
    is compatible). What the algebra of schemas cannot decide is said to be so.
    """
    return sort_changes([*compare_operations(old, new), *compare_words(old, new)])
