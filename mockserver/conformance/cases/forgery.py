"""Callbacks that prove nothing: at most a reason to poll, and better refused."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.cases.callback import SOON, change_callback, list_answered
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.sight import list_proof, see_end, see_success
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract

UNSIGNED: Final = Setting({"pace": SOON}, account={"webhook_secret": None}, quiet=0.2)
_SIGNED: Final = (Feature.CALLBACKS, Feature.SIGNATURES)
_ASKS: Final = (Ability.CALLBACKS,)


@case(
    "CBK-02",
    "does not act on a callback with a wrong signature",
    MUST,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=change_callback("callback-wrong-signature"),
)
def refuse_a_forgery(evidence: Evidence) -> Iterator[Finding]:
    """Anybody can send a callback. Signed with another secret, it is no news of the provider's.

    To poll then is harmless, whatever the callback is answered with. To act on it is not.
    """
    yield from see_asked_first(evidence)


@case(
    "CBK-03",
    "does not act on a callback without a signature",
    MUST,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=UNSIGNED,
)
def refuse_what_is_not_signed(evidence: Evidence) -> Iterator[Finding]:
    """A signature that is missing proves as little as a wrong one."""
    yield from see_asked_first(evidence)


@case(
    "CBK-04",
    "does not act on a callback that was signed long ago",
    MUST,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=change_callback("callback-stale-timestamp", age="10m"),
)
def refuse_old_news(evidence: Evidence) -> Iterator[Finding]:
    """The signature is right and ten minutes old: somebody may have kept it, to send it again."""
    yield from see_asked_first(evidence)


@case(
    "CBK-14",
    "asks the provider before it acts on a callback that may have been changed",
    MUST,
    "OWASP API7",
    needs=_SIGNED,
    asks=_ASKS,
    setting=change_callback("callback-changed-body"),
)
def ask_before_acting(evidence: Evidence) -> Iterator[Finding]:
    """The signature is right for another body than the one that comes; it names foreign addresses.

    A client polls, and takes the results from there.
    """
    if not list_answered(evidence):
        return
    asked = all(evidence.find_end(task) is not None for task in evidence.tasks)
    yield Finding(asked, "the end of the task is heard by a poll", "no poll told of it")
    yield from see_success(evidence)


def _list_doubtful(_: Contract) -> dict[str, Setting]:
    """Callbacks that prove nothing, by what is wrong with them."""
    without_secret = replace(
        change_callback("callback-wrong-signature", secret=""),
        variables={"MOCKSERVER_WEBHOOK_SECRET": ""},
    )
    return {
        "wrong": change_callback("callback-wrong-signature"),
        "missing": UNSIGNED,
        "old": change_callback("callback-stale-timestamp", age="10m"),
        "no-secret": without_secret,
    }


@case(
    "CBK-20",
    "refuses a callback that proves nothing",
    SHOULD,
    "Standard Webhooks",
    needs=_SIGNED,
    asks=_ASKS,
    setting=_list_doubtful,
)
def refuse_what_proves_nothing(evidence: Evidence) -> Iterator[Finding]:
    """Answered with 4xx, a forger learns nothing, and a provider that signs wrongly learns of it.

    A client that says 2xx and polls then is safe, so this is no duty.
    """
    yield from see_refused(evidence)


def see_asked_first(evidence: Evidence) -> Iterator[Finding]:
    """A client that was called back fetches nothing, and has no success, until a poll told it."""
    if not list_answered(evidence):
        return
    ends = {task.id: evidence.find_end(task) for task in evidence.tasks}
    known = {name: end.seq for name, end in ends.items() if end is not None}
    late = len(evidence.requests)  # later than whatever came
    early = [each for each in evidence.downloads if each.seq < known.get(each.task or "", late)]
    expected = "no result file is fetched before a poll has told of the task's end"
    yield Finding(not early, expected, f"{len(early)}", list_proof(early))
    is_sure = len(known) == len(ends) or not any(run.succeeded for run in evidence.runs)
    yield Finding(is_sure, "no success before a poll has told of it", "exit status 0")
    yield from see_end(evidence)


def see_refused(evidence: Evidence) -> Iterator[Finding]:
    """Every callback that was answered was answered with 4xx, and the client went on."""
    answered = list_answered(evidence)
    if answered:
        seen = [str(each.status) for each in answered]
        holds = all(text.startswith("4") for text in seen)
        yield Finding(holds, "every callback is answered with 4xx", ", ".join(seen))
        yield from see_end(evidence)
