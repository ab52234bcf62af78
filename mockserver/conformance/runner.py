"""The runner: puts a client through trials, several at a time."""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mockserver.clock import start_stopwatch
from mockserver.conformance.case import Trial
from mockserver.conformance.client import Client, Errand, Function
from mockserver.conformance.evidence import Evidence, Run
from mockserver.conformance.feature import Ability, list_features
from mockserver.conformance.judgement import Judgement, find_obstacle, judge
from mockserver.conformance.stage import SECRET, Stage
from mockserver.conformance.verdict import Verdict
from mockserver.contract.model import Contract
from mockserver.embedded.account import ProviderAccount
from mockserver.embedded.controls import write_rule
from mockserver.errors import MockServerError, UsageError

PATIENCE: Final = 20.0  # seconds for a client to end
SETTLE: Final = 0.05  # seconds in which requests that are under way still arrive


@dataclass(frozen=True)
class Suite:
    """What is judged by what; spans in seconds of real time."""

    contract: Contract
    trials: tuple[Trial, ...]
    folders: tuple[Path, ...] = ()  # of contracts that do not come with the package
    lacks: frozenset[Ability] = frozenset()  # what the client cannot do
    patience: float = PATIENCE
    jobs: int = 8  # trials at a time


class Halted(Exception):
    """The suite is broken off: clients are to be ended, and nothing more is to be begun."""


@dataclass(frozen=True)
class Halt:
    """Whether a suite is broken off, for all of its threads."""

    _event: threading.Event = field(default_factory=threading.Event)

    def call(self) -> None:
        """Break off."""
        self._event.set()

    def check(self) -> None:
        """Raise Halted if the suite is broken off."""
        if self._event.is_set():
            raise Halted

    def wait(self, seconds: float) -> None:
        """Wait; raises Halted as soon as the suite is broken off."""
        self._event.wait(seconds)
        self.check()


def run_suite(suite: Suite, client: Client) -> Generator[Judgement, None, None]:
    """The judgement of each trial, as soon as there is one.

    Whoever closes the iterator breaks off the suite. Raises UsageError if the client cannot be
    run at all.
    """
    features = list_features(suite.contract)
    lacks = suite.lacks
    if isinstance(client, Function):
        lacks |= {Ability.INTERRUPT}  # a thread cannot be told
    fit = []
    for trial in suite.trials:
        obstacle = find_obstacle(trial, features, lacks)
        if obstacle is None:
            fit.append(trial)
        else:
            yield Judgement(trial, Verdict.NOT_APPLICABLE, obstacle)
    if fit:
        with Stage(suite.contract, suite.folders, fit) as stage:
            yield from run_trials(suite, client, stage, fit)


def run_trials(
    suite: Suite, client: Client, stage: Stage, trials: Iterable[Trial]
) -> Generator[Judgement, None, None]:
    """Run trials on a stage that is set, those first that may take longest."""
    halt = Halt()
    slowest_first = sorted(trials, key=lambda trial: -estimate_seconds(suite, trial))
    with ThreadPoolExecutor(suite.jobs, "trial") as pool:
        waiting = [
            pool.submit(run_trial, suite, client, stage, trial, halt) for trial in slowest_first
        ]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            halt.call()
            pool.shutdown(cancel_futures=True)


def estimate_seconds(suite: Suite, trial: Trial) -> float:
    """How long a trial may take, roughly; right enough to begin with the longest."""
    setting = trial.setting
    waits_long = setting.patience is not None or Ability.DEADLINE in trial.case.asks
    return setting.quiet + ((setting.patience or suite.patience) if waits_long else 0.0)


def run_trial(
    suite: Suite, client: Client, stage: Stage, trial: Trial, halt: Halt | None = None
) -> Judgement:
    """Run the client as often as a trial says, watch on for a while, and judge.

    Raises UsageError if the client cannot be run, and Halted.
    """
    halt = halt or Halt()
    tell_seconds = start_stopwatch()
    broken_before = stage.breakdowns.count()
    try:
        account = open_account(stage, trial)
        runs = run_client(suite, client, stage, (trial, account), halt)
        halt.wait(max(SETTLE, trial.setting.quiet))
        evidence = gather(suite.contract, stage, (trial, account), runs)
    except (UsageError, Halted):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it says nothing about the client
        reason = f"{type(error).__name__}: {error}"
        return Judgement(trial, Verdict.HARNESS_ERROR, reason, seconds=tell_seconds())
    breakdown = stage.breakdowns.find(account.api_key, broken_before)
    if breakdown is not None:
        reason = f"the emulator failed: {breakdown}"
        return Judgement(trial, Verdict.HARNESS_ERROR, reason, (), evidence, tell_seconds())
    return judge(trial, evidence, tell_seconds())


def open_account(stage: Stage, trial: Trial) -> ProviderAccount:
    """A trial's account; raises RuntimeError if there is none, which is our own mistake."""
    try:
        return stage.open_account(trial)
    except MockServerError as error:
        raise RuntimeError(f"no account could be opened: {error}") from error


def run_client(
    suite: Suite, client: Client, stage: Stage, where: tuple[Trial, ProviderAccount], halt: Halt
) -> tuple[Run, ...]:
    """One run for each prompt, all at the same time."""
    trial, account = where
    patience = trial.setting.patience or suite.patience
    is_enough = watch_polls(account, trial.setting.interrupt_after, halt)
    prompts = trial.setting.prompts
    # A function may still be at it, and write.
    folders = TemporaryDirectory(prefix="conform-", ignore_cleanup_errors=True)
    with folders as place, ThreadPoolExecutor(len(prompts), "run") as pool:

        def run(number: int) -> Run:
            halt.check()
            room = Path(place) / str(number)
            errand = prepare(prompts[number], account, room, stage.ports.take())
            errand = replace(errand, variables={**errand.variables, **trial.setting.variables})
            return client.run(errand, patience, is_enough)

        return tuple(pool.map(run, range(len(prompts))))


def prepare(prompt: str, account: ProviderAccount, room: Path, port: int) -> Errand:
    """An errand, with the variables that tell a client where to go.

    Its folder lies deep in its room, so that what it writes above is seen.
    """
    folder = room / "0" / "0"
    folder.mkdir(parents=True)
    variables = {
        **account.variables,
        "MOCKSERVER_PROMPT": prompt,
        "MOCKSERVER_CALLBACK_PORT": str(port),
        "MOCKSERVER_WEBHOOK_SECRET": SECRET,
    }
    return Errand(prompt, variables, folder, account.base_url, account.api_key, port, room)


def watch_polls(account: ProviderAccount, enough: int | None, halt: Halt) -> Callable[[], bool]:
    """Tells whether a client has polled often enough to be interrupted."""

    def is_enough() -> bool:
        halt.check()
        if enough is None:
            return False
        return sum(request.task is not None for request in account.requests) > enough

    return is_enough


def gather(
    contract: Contract, stage: Stage, where: tuple[Trial, ProviderAccount], runs: tuple[Run, ...]
) -> Evidence:
    """What the server knows of a trial."""
    trial, account = where
    return Evidence(
        contract=contract,
        key=account.api_key,
        runs=runs,
        requests=stage.list_requests(trial, account),
        tasks=account.tasks,
        callbacks=account.callbacks,
        unmet=[write_rule(fault.rule) for fault in account.faults if not fault.acted],
        window=trial.setting.quiet,
    )
