"""What can differ between a contract and the wire, how bad it is, and why."""

from enum import StrEnum
from typing import Final, NamedTuple


class Severity(StrEnum):
    """Whom a difference hurts; the worst comes first."""

    BREAKS = "breaks readers"  # code that was written by the contract reads it wrong, or not at all
    NEW = "new"  # something that the contract does not know; whoever ignores it loses nothing
    COSMETIC = "cosmetic"  # for people, not for programs


class Kind(StrEnum):
    """One kind of difference."""

    MISSING_FIELD = "missing-field"
    TYPE = "type"
    NULL = "null"
    VALUE = "value"
    NEW_STATE = "new-state"
    UNIT = "unit"
    NOT_JSON = "not-json"
    STATUS = "status"
    CONTENT_TYPE = "content-type"
    CHANGED_AFTER_END = "changed-after-end"
    REGRESSION = "regression"
    NEW_FIELD = "new-field"
    NEW_CODE = "new-code"
    NEW_MODEL = "new-model"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TEXT = "text"
    TIME_BACK = "time-goes-back"


class Rating(NamedTuple):
    """How bad one kind of difference is."""

    severity: Severity
    reason: str
    by_overlay: bool = True  # whether an overlay can make the contract agree


_BREAKS: Final = Severity.BREAKS
_NEW: Final = Severity.NEW
_COSMETIC: Final = Severity.COSMETIC

RATINGS: Final[dict[Kind, Rating]] = {
    Kind.MISSING_FIELD: Rating(_BREAKS, "a reader takes a field that is always there for granted"),
    Kind.TYPE: Rating(_BREAKS, "a typed reader cannot hold the value"),
    Kind.NULL: Rating(_BREAKS, "a reader uses the value without asking whether there is one"),
    Kind.VALUE: Rating(_BREAKS, "a reader knows the listed values only"),
    Kind.NEW_STATE: Rating(_BREAKS, "a reader cannot tell whether such a task has ended"),
    Kind.UNIT: Rating(_BREAKS, "the number is read a thousand times too large or too small"),
    Kind.NOT_JSON: Rating(_BREAKS, "nothing can be read", by_overlay=False),
    # An overlay could move the shape; but whether all of its answers move is for people to decide.
    Kind.STATUS: Rating(
        _BREAKS, "HTTP clients branch on the status before they read the body", by_overlay=False
    ),
    Kind.CONTENT_TYPE: Rating(_BREAKS, "some HTTP clients refuse to decode it", by_overlay=False),
    Kind.CHANGED_AFTER_END: Rating(
        _BREAKS, "nobody asks again after the end, so nobody sees the change", by_overlay=False
    ),
    Kind.REGRESSION: Rating(_NEW, "a reader waits on; only a display goes back", by_overlay=False),
    Kind.NEW_FIELD: Rating(_NEW, "readers ignore what they do not know"),
    # Which condition a code stands for, no recording says.
    Kind.NEW_CODE: Rating(
        _NEW, "a reader has a way for refusals that it does not know", by_overlay=False
    ),
    Kind.NEW_MODEL: Rating(_NEW, "what nobody asks for hurts nobody", by_overlay=False),
    Kind.ACCEPTED: Rating(_NEW, "more is taken than the contract asks for", by_overlay=False),
    Kind.REFUSED: Rating(_NEW, "the refusal itself can be read", by_overlay=False),
    Kind.TEXT: Rating(_COSMETIC, "texts for people change freely"),
    Kind.TIME_BACK: Rating(_COSMETIC, "clocks differ between servers", by_overlay=False),
}

ORDER: Final = {severity: index for index, severity in enumerate(Severity)}
