"""Signatures of callbacks: made over what was sent, with a secret that is one."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, Setting, case
from mockserver.conformance.cases.callback import SOON, see_if_called, see_taken
from mockserver.conformance.cases.forgery import see_asked_first
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.verdict import Finding

_ASKS: Final = (Ability.CALLBACKS,)


@case(
    "CBK-06",
    "takes a callback in whatever way its JSON is spelled",
    MUST,
    "Standard Webhooks",
    needs=[Feature.CALLBACKS],
    asks=_ASKS,
    setting=Setting({"pace": SOON, "faults": [{"fault": "callback-odd-spelling"}]}, quiet=0.2),
)
def take_odd_spelling(evidence: Evidence) -> Iterator[Finding]:
    """Spaces and escapes are the provider's choice. What is signed is what came, byte for byte."""
    yield from see_taken(evidence)
    yield from see_if_called(evidence)


@case(
    "CBK-17",
    "does not act on a callback that is signed without a secret",
    MUST,
    "secrets that nobody has set",
    needs=[Feature.CALLBACKS, Feature.SIGNATURES],
    asks=_ASKS,
    setting=Setting(
        {"pace": SOON, "faults": [{"fault": "callback-wrong-signature", "secret": ""}]},
        variables={"MOCKSERVER_WEBHOOK_SECRET": ""},
        quiet=0.2,
    ),
)
def refuse_an_empty_secret(evidence: Evidence) -> Iterator[Finding]:
    """The client was given no secret, and somebody signs with none. That proves nothing at all."""
    yield from see_asked_first(evidence)
