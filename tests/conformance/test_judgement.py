"""Judgements: what is a verdict about the client, and what is said where there is none."""

from dataclasses import replace

import pytest

from mockserver.conformance.case import Case, Setting, Trial
from mockserver.conformance.cases import CASES
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.judgement import Judgement, judge
from mockserver.conformance.sight import see_failure
from mockserver.conformance.verdict import Severity, Verdict
from mockserver.control_client.views import AttemptView, CallbackView
from tests.conformance.judgements import build_evidence, build_run, build_trial

CUT = build_run(status=None, seconds=20.02)


def find_case(name: str) -> Case:
    return next(case for case in CASES if case.id == name)


def ask(asks: Ability | None, evidence: Evidence, severity: Severity = Severity.MUST) -> Judgement:
    """Judge by a case that wants the client to end badly, and asks for an ability."""
    trial = build_trial("TST-01", severity)
    asked = frozenset() if asks is None else frozenset({asks})
    changed = replace(trial.case, judge=see_failure, asks=asked)
    return judge(replace(trial, case=changed), evidence, 1.0)


def test_a_client_that_is_to_give_up_and_does_not_has_failed() -> None:
    """Where a deadline is asked for, no end is the failure; elsewhere more time may mend it."""
    evidence = build_evidence(runs=[CUT])
    told = "expected: an end by the client's own deadline; seen: no end within 20 s; "
    ways_out = "--patience gives it more, --without deadline says that it has none"

    endless = ask(Ability.DEADLINE, evidence)
    assert (endless.verdict, endless.reason) == (Verdict.FAIL, told + ways_out)
    assert ask(Ability.DEADLINE, evidence, Severity.SHOULD).verdict is Verdict.WARN
    assert ask(None, evidence).verdict is Verdict.NOT_EXERCISED
    assert ask(Ability.DEADLINE, build_evidence(runs=[build_run(status=1)])).verdict is Verdict.PASS


def test_a_deadline_is_not_judged_where_the_trouble_never_came() -> None:
    """A fault that was planned and not met leaves nothing to give up on."""
    evidence = build_evidence(runs=[CUT], unmet=["hang"])

    assert ask(Ability.DEADLINE, evidence).verdict is Verdict.NOT_EXERCISED


def build_callback(**changed: object) -> CallbackView:
    url = "http://127.0.0.1:9/done"
    whole = CallbackView(1, "kie", "t", "", "succeeded", url, "waiting", None, 0, {}, (), None, "")
    return replace(whole, **changed)  # type: ignore[arg-type]


REFUSED = AttemptView(0, {}, None, "", "connection refused")
DEAF = {
    "asked for none": ((), "names its address in the submit as callBackUrl; one that takes none"),
    "held": ([build_callback(held="it is not loopback")], "was not sent: it is not loopback"),
    "never due": ([build_callback()], "the client had ended before it was due"),
    "refused": ([build_callback(attempts=(REFUSED,))], "/done: connection refused"),
}


@pytest.mark.parametrize("name", ["CBK-01", "CBK-02", "CBK-03"])
@pytest.mark.parametrize(("callbacks", "why"), DEAF.values(), ids=DEAF)
def test_whoever_takes_no_callback_is_told_what_to_do(
    name: str, callbacks: list[CallbackView], why: str
) -> None:
    """What was missing, whether the case plans a fault or not."""
    unmet = ["callback-wrong-signature"] if name == "CBK-02" and not callbacks else []
    trial = Trial(find_case(name), name, Setting())
    judgement = judge(trial, build_evidence(callbacks=callbacks, unmet=unmet), 1.0)

    assert judgement.verdict is Verdict.NOT_EXERCISED
    assert why in judgement.reason


def test_whoever_asks_for_no_callback_is_told_how_to_say_so() -> None:
    """The variable with the port, the field of the contract, and the option."""
    trial = Trial(find_case("CBK-01"), "CBK-01", Setting())

    assert judge(trial, build_evidence(), 1.0).reason == (
        "the client asked for no callback: one that takes them listens on MOCKSERVER_CALLBACK_PORT "
        "and names its address in the submit as callBackUrl; one that takes none says "
        "--without callbacks"
    )
