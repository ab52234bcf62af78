"""What may be sent again: a submit costs, so it is repeated only where that cannot cost twice."""

from typing import Final

from imagejobs.errors import (
    ImageError,
    RateLimited,
    SubmitUnknown,
    Unavailable,
    Unreachable,
    Unreadable,
)

# A refusal in these words was decided before any task was made.
REFUSED_FOR_CERTAIN: Final = {"connect-failed", "maintenance", "feature-disabled"}


def is_outcome_known(error: ImageError) -> bool:
    """Whether the error proves that the submit made no task.

    An error of the server, a lost answer and an answer that cannot be read prove nothing. A 303
    says that the request was done, and that its outcome is elsewhere (RFC 9110, section 15.4.4).
    """
    if error.condition == "redirected":
        return error.code != 303
    if not isinstance(error, Unavailable | Unreachable | Unreadable):
        return True
    return error.condition in REFUSED_FOR_CERTAIN


def may_repeat_submit(error: ImageError, *, is_idempotent: bool) -> bool:
    """Whether sending the same submit again can cost nothing extra, and may help."""
    if isinstance(error, RateLimited) or error.condition == "connect-failed":
        return True
    return is_idempotent and not is_outcome_known(error)


def may_repeat_read(error: ImageError) -> bool:
    """Whether a poll, a balance or a download, which are free, is worth another try."""
    if error.condition == "feature-disabled":
        return False
    return isinstance(error, RateLimited | Unavailable | Unreachable | Unreadable)


def explain_unknown(error: ImageError, request_id: str | None) -> SubmitUnknown:
    """The error of a submit that may have been accepted."""
    advice = (
        f"submit again with request_id={request_id!r}, which cannot cost twice"
        if request_id
        else "look at the account's tasks or balance before you submit again"
    )
    what = str(error).rpartition("; ")[0]  # without its own advice, which may be to try again
    return SubmitUnknown(f"{what}; a task may have been made, so {advice}", error.details)
