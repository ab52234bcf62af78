"""Remarks: what is wrong with a request and what is odd about it, as far as a journal keeps it.

A body may have ten thousand fields that nobody knows, and a value that is wrong a million letters.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mockserver.contract.validate import Violation

MAX_REMARKS: Final = 100  # of each kind
MAX_TEXT: Final = 1_000  # characters

_OVERHEAD: Final = 200  # bytes of a remark besides its texts, roughly


def cut_remarks(
    violations: Sequence[Violation], notes: Sequence[str]
) -> tuple[Sequence[Violation], Sequence[str]]:
    """Violations and notes as they are kept; a note says how many are not."""
    kept = map(_cut_violation, violations[:MAX_REMARKS])
    cut = [cut_text(note) for note in notes[:MAX_REMARKS]]
    if len(violations) > MAX_REMARKS:
        cut.append(f"{len(violations) - MAX_REMARKS:,} more violations are not kept")
    if len(notes) > MAX_REMARKS:
        cut.append(f"{len(notes) - MAX_REMARKS:,} more notes are not kept")
    return tuple(kept), tuple(cut)


def measure_remarks(violations: Sequence[Violation], notes: Sequence[str]) -> int:
    """How many bytes they take, roughly."""
    count = len(violations) + len(notes)
    texts = sum(len(each.pointer) + len(each.message) for each in violations)
    return _OVERHEAD * count + texts + sum(map(len, notes))


def cut_text(text: str) -> str:
    """A text; of a long one the middle is left out: it begins with a value and ends with why."""
    half = MAX_TEXT // 2
    return text if len(text) <= MAX_TEXT else f"{text[: half - 1]}…{text[-half:]}"


def _cut_violation(found: Violation) -> Violation:
    if max(len(found.pointer), len(found.message), len(found.field)) <= MAX_TEXT:
        return found
    pointer, message, field = map(cut_text, (found.pointer, found.message, found.field))
    return replace(found, pointer=pointer, message=message, field=field)
