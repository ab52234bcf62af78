"""Explorations: drawn schedules of faults, and the smallest of them that a client does not bear."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mockserver.conformance.case import PROMPT, Case, Setting, Trial
from mockserver.conformance.client import Client
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.in_process import AnyClient, choose_contract, wrap_client
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.reports.findings import write_findings
from mockserver.conformance.runner import Halt, Suite, gather, run_client
from mockserver.conformance.schedule import PACES, Schedule, draw_schedules
from mockserver.conformance.sight import see_end, see_no_key, see_silence_after_end
from mockserver.conformance.stage import Stage
from mockserver.conformance.verdict import Finding, Severity, Verdict
from mockserver.contract.model import Contract
from mockserver.embedded.settings import read_folders
from mockserver.errors import MockServerError, UsageError

PATIENCE: Final = 10.0  # seconds for one run


@dataclass(frozen=True)
class Discovery:
    """A schedule under which a client breaks a law, and what was seen of it then."""

    schedule: Schedule
    judgement: Judgement

    def __str__(self) -> str:
        lines = ["the client breaks a law of every schedule:", *write_findings(self.judgement)]
        return "\n".join([*lines, "as a scenario file:", self.schedule.write()])


def explore(  # noqa: PLR0913 - all but two have defaults
    client: AnyClient,
    provider: str,
    *,
    examples: int = 100,
    patience: float = PATIENCE,
    seed: int = 0,
    edition: str | None = None,
    contracts: str | Path | Sequence[str | Path] = (),
) -> None:
    """Run a client under drawn schedules of faults; the same seed draws the same ones.

    Whatever happens, a client has to end within `patience` seconds, to have no more than one task
    accepted, to poll no more after its end, to keep the key from the file host, and to say that it
    succeeded only if the task has. Raises AssertionError with the smallest schedule that is found
    under which it does not, as a scenario file; UsageError without hypothesis.
    """
    folders = tuple(read_folders(contracts))
    contract = choose_contract(provider, folders, edition)
    suite = build_suite(contract, folders, patience)
    found = find_discovery(suite, wrap_client(client), examples, seed)
    if found is not None:
        raise AssertionError(str(found))


def build_suite(contract: Contract, folders: Sequence[Path], patience: float) -> Suite:
    """The trials of an exploration: one for each pace."""
    trials = tuple(_build_trial(polls) for polls in PACES)
    return Suite(contract, trials, tuple(folders), patience=patience)


def find_discovery(suite: Suite, client: Client, examples: int, seed: int) -> Discovery | None:
    """The smallest schedule that a client does not bear; None if it bears all that are drawn."""
    schedules = draw_schedules()
    import hypothesis

    latest: list[Discovery] = []
    with Stage(suite.contract, suite.folders, suite.trials) as stage:

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=False,
            report_multiple_bugs=False,
            phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
            suppress_health_check=list(hypothesis.HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        @hypothesis.given(schedules)
        def bear(schedule: Schedule) -> None:
            judgement = run_schedule(suite, client, stage, schedule)
            if judgement.verdict is Verdict.FAIL:
                latest.append(Discovery(schedule, judgement))
                raise _NotBorneError

        try:
            bear()
        except (_NotBorneError, hypothesis.errors.Flaky):
            return min(latest, key=_tell_size)
    return None


def run_schedule(suite: Suite, client: Client, stage: Stage, schedule: Schedule) -> Judgement:
    """One run under a schedule, held against the laws."""
    trial = suite.trials[PACES.index(schedule.polls)]
    broken_before = stage.breakdowns.count()
    account = stage.open_account(trial)
    for fault in schedule.faults:
        account.add_fault(**fault)
    runs = run_client(suite, client, stage, (trial, account), Halt())
    evidence = gather(suite.contract, stage, (trial, account), runs)
    breakdown = stage.breakdowns.find(account.api_key, broken_before)
    if breakdown is not None:
        raise MockServerError(f"the emulator failed, and not the client: {breakdown}")
    if not evidence.requests:
        said = runs[0].errors.strip() or "nothing"
        raise UsageError(f"the client never reached the server with its key; it ended with {said}")
    findings = list(judge_laws(evidence))
    is_broken = any(not finding.holds for finding in findings)
    verdict = Verdict.FAIL if is_broken else Verdict.PASS
    return Judgement(trial, verdict, "", findings, evidence)


def judge_laws(evidence: Evidence) -> Iterator[Finding]:
    """What holds under every schedule."""
    yield from see_end(evidence)
    tasks, proof = len(evidence.tasks), [each.seq for each in evidence.submits]
    yield Finding(tasks <= len(evidence.runs), "at most one accepted task", f"{tasks}", proof)
    yield from see_silence_after_end(evidence)
    yield see_no_key(evidence, evidence.downloads, "for files")
    has_result = any(task.ended and task.outcome == "succeeded" for task in evidence.tasks)
    is_honest = has_result or not evidence.run.succeeded
    yield Finding(is_honest, "no success without a task that has succeeded")


def _build_trial(polls: int) -> Trial:
    setting = Setting({"pace": {"polls": polls}}, (PROMPT,))
    case = Case(
        id=f"EXPLORE-{polls}",
        title="bears whatever comes",
        severity=Severity.MUST,
        source="liveness",
        judge=judge_laws,
        requirement="Laws that hold under every schedule.",
        needs=frozenset(),
        asks=frozenset(),
        settings=lambda _: {"": setting},
    )
    return Trial(case, case.id, setting)


def _tell_size(found: Discovery) -> tuple[int, int]:
    return len(found.schedule.faults), found.schedule.polls


class _NotBorneError(Exception):
    """A schedule that breaks a law."""
