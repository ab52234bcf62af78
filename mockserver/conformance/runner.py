"""The runner: puts a client through trials, several at a time."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mockserver.clock import start_stopwatch
from mockserver.conformance.case import Trial
from mockserver.conformance.client import Client, Errand
from mockserver.conformance.evidence import Evidence, Run
from mockserver.conformance.feature import Ability, list_features
from mockserver.conformance.judgement import Judgement, find_obstacle, judge
from mockserver.conformance.ports import find_free_port
from mockserver.conformance.stage import Stage
from mockserver.conformance.verdict import Verdict
from mockserver.contract.model import Contract
from mockserver.embedded.account import ProviderAccount
from mockserver.embedded.controls import write_rule
from mockserver.errors import MockServerError, UsageError

PATIENCE = 20.0  # seconds for a client to end
SETTLE = 0.05  # seconds in which requests that are under way still arrive


@dataclass(frozen=True)
class Suite:
    """What is judged by what; spans in seconds of real time."""

    contract: Contract
    trials: tuple[Trial, ...]
    folders: tuple[Path, ...] = ()  # of contracts that do not come with the package
    lacks: frozenset[Ability] = frozenset()  # what the client cannot do
    patience: float = PATIENCE
    jobs: int = 8  # trials at a time


def run_suite(suite: Suite, client: Client) -> Iterator[Judgement]:
    """The judgement of each trial, as soon as there is one.

    Raises UsageError if the client cannot be run at all.
    """
    features = list_features(suite.contract)
    fit = []
    for trial in suite.trials:
        obstacle = find_obstacle(trial, features, suite.lacks)
        if obstacle is None:
            fit.append(trial)
        else:
            yield Judgement(trial, Verdict.NOT_APPLICABLE, obstacle)
    with Stage(suite.contract, suite.folders, fit) as stage:
        yield from run_trials(suite, client, stage, fit)


def run_trials(
    suite: Suite, client: Client, stage: Stage, trials: Iterable[Trial]
) -> Iterator[Judgement]:
    """Run trials on a stage that is set."""
    with ThreadPoolExecutor(suite.jobs, "trial") as pool:
        waiting = [pool.submit(run_trial, suite, client, stage, trial) for trial in trials]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def run_trial(suite: Suite, client: Client, stage: Stage, trial: Trial) -> Judgement:
    """Run the client as often as a trial says, watch on for a while, and judge."""
    tell_seconds = start_stopwatch()
    try:
        account = stage.open_account(trial)
        runs = run_client(suite, client, trial, account)
        threading.Event().wait(max(SETTLE, trial.setting.quiet))
        evidence = gather(suite.contract, trial, account, runs)
    except UsageError:
        raise
    except (MockServerError, OSError) as error:
        return Judgement(trial, Verdict.HARNESS_ERROR, str(error), seconds=tell_seconds())
    return judge(trial, evidence, tell_seconds())


def run_client(
    suite: Suite, client: Client, trial: Trial, account: ProviderAccount
) -> tuple[Run, ...]:
    """One run for each prompt, all at the same time."""
    setting = trial.setting
    patience = setting.patience or suite.patience
    is_enough = watch_polls(account, setting.interrupt_after)
    prompts = setting.prompts
    with TemporaryDirectory() as place, ThreadPoolExecutor(len(prompts), "run") as pool:

        def run(number: int) -> Run:
            folder = Path(place) / str(number)
            folder.mkdir()
            errand = prepare(prompts[number], account, folder)
            return client.run(errand, patience, is_enough)

        return tuple(pool.map(run, range(len(prompts))))


def prepare(prompt: str, account: ProviderAccount, folder: Path) -> Errand:
    """An errand, with the variables that tell a client where to go."""
    variables = {
        **account.variables,
        "MOCKSERVER_PROMPT": prompt,
        "MOCKSERVER_CALLBACK_PORT": str(find_free_port()),
    }
    return Errand(prompt, variables, folder, account.base_url, account.api_key)


def watch_polls(account: ProviderAccount, enough: int | None) -> Callable[[], bool]:
    """Tells whether a client has polled often enough to be interrupted."""
    if enough is None:
        return lambda: False

    def is_enough() -> bool:
        return sum(request.task is not None for request in account.requests) > enough

    return is_enough


def gather(
    contract: Contract, trial: Trial, account: ProviderAccount, runs: tuple[Run, ...]
) -> Evidence:
    """What the server knows of a trial."""
    requests = sorted((*account.requests, *account.strays), key=lambda each: each.number)
    return Evidence(
        contract=contract,
        key=account.api_key,
        runs=runs,
        requests=requests,
        tasks=account.tasks,
        callbacks=account.callbacks,
        unmet=[write_rule(fault.rule) for fault in account.faults if not fault.acted],
        window=trial.setting.quiet,
    )
