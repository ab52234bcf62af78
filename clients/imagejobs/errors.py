"""Everything that can go wrong; the first branch says whose turn it is.

ImageError                        what happened, in words, and the details below
├─ YourTurn                       the same call would fail again: change something first
│  ├─ Misused                     an argument, key or address that cannot work; nothing was accepted
│  ├─ InvalidRequest              refused: the input, the model, the body
│  ├─ Unauthorized                refused: the key
│  ├─ OutOfCredits                refused: the balance, or the key's own limit
│  ├─ NotFound                    refused: no such task, file or address
│  └─ Conflict                    refused: the request id is another order's, or too many tasks run
├─ TheirTurn                      nothing is wrong with the call: it may work later
│  ├─ RateLimited                 refused for now; `retry_after` says for how long, if they said it
│  ├─ Unavailable                 maintenance, a feature that is off, an error of their server
│  ├─ Unreachable                 no answer came, and nothing was accepted
│  ├─ Unreadable                  an answer came that breaks their own contract
│  ├─ GenerationFailed            the task ended badly; `failure` says why
│  └─ BadFile                     what was downloaded is no image, is cut off, or may not be fetched
└─ Unsettled                      look first: a task may exist, and may cost
   ├─ SubmitUnknown               the submit may have been accepted; it was not sent again
   └─ TimedOut                    the task goes on; wait for it again by `task_id`

Every message says what was asked, what stood in the way, and what to do.
"""

from dataclasses import dataclass, replace

from imagejobs.models import Failure


@dataclass(frozen=True, slots=True)
class Details:
    """What is known about the moment of an error; what is not is None or empty."""

    provider: str = ""
    condition: str = ""  # neutral and dashed: "rate-limited", "insufficient-credits", ...
    code: int | None = None  # the body's, else the HTTP status
    message: str = ""  # the provider's own words
    retry_after: float | None = None  # seconds
    task_id: str | None = None
    failure: Failure | None = None
    state: str | None = None  # the last one seen, in the provider's word


class ImageError(Exception):
    """Something went wrong; the subclass says what, `details` the rest."""

    def __init__(self, text: str, details: Details | None = None) -> None:
        super().__init__(text)
        self.details = details or Details()

    @property
    def condition(self) -> str:
        return self.details.condition

    @property
    def code(self) -> int | None:
        return self.details.code

    @property
    def retry_after(self) -> float | None:
        return self.details.retry_after

    @property
    def task_id(self) -> str | None:
        return self.details.task_id

    @property
    def failure(self) -> Failure | None:
        return self.details.failure

    def add_task(self, task_id: str | None) -> None:
        """Name the task that the call was about."""
        self.details = replace(self.details, task_id=self.details.task_id or task_id)


class YourTurn(ImageError):
    """The same call would fail again: change something first."""


class Misused(YourTurn):
    """An argument, key or address cannot work; nothing was accepted."""


class InvalidRequest(YourTurn):
    """The provider refused the input, the model or the body."""


class Unauthorized(YourTurn):
    """The provider refused the key."""


class OutOfCredits(YourTurn):
    """The balance, or the key's own limit, does not cover the task."""


class NotFound(YourTurn):
    """There is no such task, file or address."""


class Conflict(YourTurn):
    """The request id was used for another request, or too many tasks are running."""


class TheirTurn(ImageError):
    """Nothing is wrong with the call: it may work later."""


class RateLimited(TheirTurn):
    """Refused for now."""


class Unavailable(TheirTurn):
    """Their server has an error, is in maintenance, or has the feature off."""


class Unreachable(TheirTurn):
    """No answer came, and nothing was accepted."""


class Unreadable(TheirTurn):
    """An answer came that breaks their own contract."""


class GenerationFailed(TheirTurn):
    """The task ended badly."""


class BadFile(TheirTurn):
    """What was downloaded is no image, is cut off, or may not be fetched."""


class Unsettled(ImageError):
    """A task may exist, and may cost: look before doing anything again."""


class SubmitUnknown(Unsettled):
    """The submit may have been accepted; it was not sent again."""


class TimedOut(Unsettled):
    """Our time was up; the task goes on."""
