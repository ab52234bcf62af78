"""The wire: text arrives as it was written, and what HTTP allows is understood."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.sight import (
    list_proof,
    list_texts,
    see_one_submit,
    see_success,
)
from mockserver.conformance.verdict import Finding

POLLS: Final = {"polls": 2}
# A picture beyond the first plane, right-to-left letters, a line separator, a quote, a backslash,
# and an accent that stands for itself.
WORDS: Final = 'a \U0001f98a named \u05e9\u05d5\u05e2\u05dc,\u2028"quick" \\ cafe\u0301'


@case(
    "WIR-02",
    "reads JSON whose type names a charset",
    MUST,
    "RFC 9110 8.3",
    pace=POLLS,
    faults=[{"fault": "wrong-content-type", "says": "application/json;charset=utf-8"}],
)
def read_a_charset(evidence: Evidence) -> Iterator[Finding]:
    """A media type may have parameters. It is the same type with them."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


@case(
    "WIR-03",
    "sends a prompt letter for letter",
    MUST,
    "RFC 8259 8.1",
    setting=Setting({"pace": POLLS}, prompts=(WORDS,)),
)
def send_every_letter(evidence: Evidence) -> Iterator[Finding]:
    """Emoji, right-to-left letters, quotes and odd separators are part of what a user asks for."""
    prompt = evidence.run.prompt
    lost = [each for each in evidence.submits if prompt not in set(list_texts(each.request))]
    seen = "; ".join(ascii(each.request)[:200] for each in lost)
    yield Finding(not lost, f"a submit with {prompt!a}", seen, list_proof(lost))
    yield from see_success(evidence)


@case(
    "WIR-07",
    "bears a key that stands twice",
    SHOULD,
    "RFC 8259 4",
    pace=POLLS,
    faults=[
        {
            "fault": "duplicate-keys",
            "operation": "inspect",
            "fields": ["task.created", "task.price", "task.cost"],
        }
    ],
)
def bear_a_doubled_key(evidence: Evidence) -> Iterator[Finding]:
    """A moment or a price stands twice in a reply, once as null. That is odd, and no harm."""
    yield from see_success(evidence)
