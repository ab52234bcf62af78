"""Callbacks: taken, believed as far as they are proved, and never waited for alone."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.sight import see_end, see_success
from mockserver.conformance.verdict import Finding
from mockserver.control_client.views import AttemptView

SOON: Final = {"takes": "8s"}  # of the provider's time, of which ten seconds go by in one
_NEEDS: Final = (Feature.CALLBACKS,)
_SIGNED: Final = (Feature.CALLBACKS, Feature.SIGNATURES)
_ASKS: Final = (Ability.CALLBACKS,)


def _change(name: str, **words: Any) -> Setting:
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
    yield from _see_taken(evidence)
    yield from _see_if_called(evidence)


@case(
    "CBK-02",
    "refuses a callback with a wrong signature",
    MUST,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=_change("callback-wrong-signature"),
)
def refuse_a_forgery(evidence: Evidence) -> Iterator[Finding]:
    """Anybody can send a callback. Signed with another secret, it is no news of the provider's."""
    yield from _see_refused(evidence)


@case(
    "CBK-03",
    "refuses a callback without a signature",
    MUST,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=Setting({"pace": SOON}, account={"webhook_secret": None}, quiet=0.2),
)
def refuse_what_is_not_signed(evidence: Evidence) -> Iterator[Finding]:
    """A signature that is missing proves as little as a wrong one."""
    yield from _see_refused(evidence)


@case(
    "CBK-04",
    "refuses a callback that was signed long ago",
    MUST,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=_change("callback-stale-timestamp", age="10m"),
)
def refuse_old_news(evidence: Evidence) -> Iterator[Finding]:
    """The signature is right and ten minutes old: somebody may have kept it, to send it again."""
    yield from _see_refused(evidence)


@case(
    "CBK-08",
    "takes the same callback as often as it comes",
    MUST,
    "Standard Webhooks",
    needs=_NEEDS,
    asks=_ASKS,
    setting=_change("callback-twice", copies=2),
)
def take_it_again(evidence: Evidence) -> Iterator[Finding]:
    """Providers repeat themselves. Each copy is answered with 2xx, and there is one result."""
    yield from _see_taken(evidence)
    yield from _see_if_called(evidence)


@case(
    "CBK-10",
    "takes a callback that overtakes the answer to its submit",
    SHOULD,
    "a race",
    needs=_NEEDS,
    asks=_ASKS,
    setting=_change("callback-too-early"),
)
def take_it_early(evidence: Evidence) -> Iterator[Finding]:
    """The task has ended before its client knows the id. The callback is kept until then."""
    yield from _see_taken(evidence)
    yield from _see_if_called(evidence)


@case(
    "CBK-12",
    "polls when the callback does not come",
    MUST,
    "Standard Webhooks",
    needs=_NEEDS,
    asks=_ASKS,
    setting=_change("callback-lost"),
)
def poll_instead(evidence: Evidence) -> Iterator[Finding]:
    """Callbacks get lost. The task has ended, and whoever asks is told."""
    yield from see_success(evidence)


@case(
    "CBK-14",
    "asks the provider before it acts on a callback that may have been changed",
    MUST,
    "OWASP API7",
    needs=_SIGNED,
    asks=_ASKS,
    setting=_change("callback-changed-body"),
)
def ask_before_acting(evidence: Evidence) -> Iterator[Finding]:
    """The signature is right for another body than the one that comes; it names foreign addresses.

    A client polls and takes the results from there, or else fetches nothing.
    """
    if not _list_answered(evidence):
        return
    asked = all(evidence.find_end(task) is not None for task in evidence.tasks)
    yield Finding(asked, "the end of the task is heard by a poll", "no poll told of it")
    yield from see_success(evidence)


@case(
    "CBK-15",
    "bears a callback whose type is odd",
    SHOULD,
    "robustness",
    needs=_NEEDS,
    asks=_ASKS,
    setting=_change("callback-wrong-content-type"),
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
    setting=_change("callback-redirect"),
)
def bear_an_empty_call(evidence: Evidence) -> Iterator[Finding]:
    """What comes is a GET with nothing in it, as a redirect on the way makes of a POST."""
    yield from see_success(evidence)


def _list_answered(evidence: Evidence) -> Sequence[AttemptView]:
    """The attempts that a receiver has answered; none after the client has ended."""
    attempts = [attempt for each in evidence.callbacks for attempt in each.attempts]
    return [attempt for attempt in attempts if attempt.status is not None]


def _see_taken(evidence: Evidence) -> Iterator[Finding]:
    """Every callback that was answered was answered with 2xx."""
    answered = _list_answered(evidence)
    if answered:
        wrong = [str(each.status) for each in answered if each.status // 100 != 2]  # type: ignore[operator]
        yield Finding(not wrong, "every callback is answered with 2xx", ", ".join(wrong))


def _see_refused(evidence: Evidence) -> Iterator[Finding]:
    """Every callback that was answered was answered with 4xx, and the client went on."""
    answered = _list_answered(evidence)
    if answered:
        seen = [str(each.status) for each in answered]
        holds = all(text.startswith("4") for text in seen)
        yield Finding(holds, "every callback is answered with 4xx", ", ".join(seen))
        yield from see_end(evidence)


def _see_if_called(evidence: Evidence) -> Iterator[Finding]:
    """Whoever listens to callbacks gets its result."""
    if _list_answered(evidence):
        yield from see_success(evidence)
