"""Judgements: a trial with its verdict, its findings and the evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mockserver.conformance.case import Trial
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.sight import see_overdue
from mockserver.conformance.silence import explain_silence
from mockserver.conformance.verdict import Finding, Severity, Verdict, weigh


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a trial came to."""

    trial: Trial
    verdict: Verdict
    reason: str  # one line: what was missing, or what went wrong first
    findings: Sequence[Finding] = ()
    evidence: Evidence | None = None
    seconds: float = 0.0  # that the trial took

    def is_red(self, *, strict: bool = False) -> bool:
        """Whether it makes the whole suite fail.

        `strict` lets every broken SHOULD do so, and every MUST that was not exercised.
        """
        if self.verdict is Verdict.NOT_EXERCISED:
            return strict and self.trial.case.severity is Severity.MUST
        red = (Verdict.FAIL, Verdict.HARNESS_ERROR)
        return self.verdict in red or (strict and self.verdict is Verdict.WARN)


def judge(trial: Trial, evidence: Evidence, seconds: float) -> Judgement:
    """Hold the evidence of a trial against its case."""
    unmet = () if trial.setting.is_optional else evidence.unmet
    if not evidence.requests:
        reason = "the client sent no request with its key to the server"
        return Judgement(trial, Verdict.NOT_EXERCISED, reason, (), evidence, seconds)
    try:
        findings = tuple(trial.case.judge(evidence))
    except Exception as error:  # noqa: BLE001 - a mistake in a case must not end the suite
        reason = f"{type(error).__name__} in the case itself: {error}"
        return Judgement(trial, Verdict.HARNESS_ERROR, reason, (), evidence, seconds)
    if evidence.was_cut and Ability.DEADLINE in trial.case.asks:
        findings = (see_overdue(evidence), *(each for each in findings if not each.could_come))
    verdict = weigh(trial.case.severity, findings, unmet, was_cut=evidence.was_cut)
    reason = explain(verdict, findings)
    if unmet or not findings:
        reason = explain_silence(trial.case, evidence, unmet)
    return Judgement(trial, verdict, reason, findings, evidence, seconds)


def explain(verdict: Verdict, findings: Sequence[Finding]) -> str:
    """One line: why it was not exercised, or the first thing that does not hold."""
    if verdict is Verdict.NOT_EXERCISED:
        return "the client was still at it when its time was over; give it more with --patience"
    broken = next((finding for finding in findings if not finding.holds), None)
    if broken is None:
        return ""
    return f"expected: {broken.expected}" + (f"; seen: {broken.seen}" if broken.seen else "")


def find_obstacle(
    trial: Trial, features: frozenset[Feature], lacks: Iterable[Ability]
) -> str | None:
    """Why a trial does not apply to a contract or to a client; None if it does."""
    missing = sorted(trial.case.needs - features)
    if missing:
        return f"the contract has no {', '.join(missing)}"
    declared = sorted(trial.case.asks & set(lacks))
    return f"the client has no {', '.join(declared)}" if declared else None
