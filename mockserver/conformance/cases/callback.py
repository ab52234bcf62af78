"""Callbacks: taken, however they come, and never waited for alone."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.sight import see_success
from mockserver.conformance.verdict import Finding
from mockserver.control_client.views import AttemptView

SOON: Final = {"takes": "8s"}  # of the provider's time, of which ten seconds go by in one
_NEEDS: Final = (Feature.CALLBACKS,)
_ASKS: Final = (Ability.CALLBACKS,)


def change_callback(name: str, **words: Any) -> Setting:
    """A setting in which a fault acts on the callback of a task that soon ends well."""
    return Setting({"pace": SOON, "faults": [{"fault": name, **words}]}, quiet=0.2)


@case(
    "CBK-01",
    "takes a callback",
    MUST,
    "Standard Webhooks",
    needs=_NEEDS,
    asks=_ASKS,
    setting=Setting({"pace": SOON}, quiet=0.2),
)
def take_a_callback(evidence: Evidence) -> Iterator[Finding]:
    """A callback as it should be is answered with 2xx; else the provider repeats it."""
    yield from see_taken(evidence)
    yield from see_if_called(evidence)


@case(
    "CBK-08",
    "takes the same callback as often as it comes",
    MUST,
    "Standard Webhooks",
    needs=_NEEDS,
    asks=_ASKS,
    setting=change_callback("callback-twice", copies=2),
)
def take_it_again(evidence: Evidence) -> Iterator[Finding]:
    """Providers repeat themselves. Each copy is answered with 2xx, and there is one result."""
    yield from see_taken(evidence)
    yield from see_if_called(evidence)


@case(
    "CBK-10",
    "takes a callback that overtakes the answer to its submit",
    SHOULD,
    "a race",
    needs=_NEEDS,
    asks=_ASKS,
    setting=change_callback("callback-too-early"),
)
def take_it_early(evidence: Evidence) -> Iterator[Finding]:
    """The task has ended before its client knows the id. The callback is kept until then."""
    yield from see_taken(evidence)
    yield from see_if_called(evidence)


@case(
    "CBK-12",
    "polls when the callback does not come",
    MUST,
    "Standard Webhooks",
    needs=_NEEDS,
    asks=_ASKS,
    setting=change_callback("callback-lost"),
)
def poll_instead(evidence: Evidence) -> Iterator[Finding]:
    """Callbacks get lost. The task has ended, and whoever asks is told."""
    yield from see_success(evidence)


@case(
    "CBK-15",
    "bears a callback whose type is odd",
    SHOULD,
    "robustness",
    needs=_NEEDS,
    asks=_ASKS,
    setting=change_callback("callback-wrong-content-type"),
)
def bear_an_odd_type(evidence: Evidence) -> Iterator[Finding]:
    """The callback calls itself plain text. It may be refused; the result comes all the same."""
    yield from see_success(evidence)


@case(
    "CBK-16",
    "bears a callback without a body",
    SHOULD,
    "robustness",
    needs=_NEEDS,
    asks=_ASKS,
    setting=change_callback("callback-redirect"),
)
def bear_an_empty_call(evidence: Evidence) -> Iterator[Finding]:
    """What comes is a GET with nothing in it, as a redirect on the way makes of a POST."""
    yield from see_success(evidence)


def list_answered(evidence: Evidence) -> Sequence[AttemptView]:
    """The attempts that a receiver has answered; none after the client has ended."""
    attempts = [attempt for each in evidence.callbacks for attempt in each.attempts]
    return [attempt for attempt in attempts if attempt.status is not None]


def see_taken(evidence: Evidence) -> Iterator[Finding]:
    """Every callback that was answered was answered with 2xx."""
    answered = list_answered(evidence)
    if answered:
        wrong = [str(each.status) for each in answered if each.status // 100 != 2]  # type: ignore[operator]
        yield Finding(not wrong, "every callback is answered with 2xx", ", ".join(wrong))


def see_if_called(evidence: Evidence) -> Iterator[Finding]:
    """Whoever listens to callbacks gets its result."""
    if list_answered(evidence):
        yield from see_success(evidence)
