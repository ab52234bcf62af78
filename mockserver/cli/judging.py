"""How a suite is run for people to watch: a line per case, progress, and what breaks it off."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import click

from mockserver.conformance.client import Client
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.reports.journal import clean
from mockserver.conformance.reports.terminal import write_judgement
from mockserver.conformance.runner import Suite, run_suite
from mockserver.errors import UsageError
from mockserver.variables import write_prefix

FEW: Final = 4  # trials that are named while they are waited for
ENOUGH: Final = 8  # trials after which a client that never came is given up
INTERRUPTED: Final = 130
_LINE_AGAIN: Final = "\r\x1b[2K"


@dataclass
class Judged:
    """What was judged before the suite ended or was broken off."""

    judgements: dict[str, Judgement] = field(default_factory=dict)
    status: int | None = None  # with which the command ends, if it was broken off

    def sort(self, suite: Suite) -> list[Judgement]:
        """The judgements in the order of the trials."""
        names = [trial.name for trial in suite.trials]
        return [self.judgements[name] for name in names if name in self.judgements]


def judge_aloud(suite: Suite, client: Client) -> Judged:
    """Run a suite and tell of each judgement; raises UsageError if the client reaches nothing."""
    judged = Judged()
    is_live = sys.stderr.isatty()
    try:
        with _hear_signals(judged), closing(run_suite(suite, client)) as running:
            for judgement in running:
                judged.judgements[judgement.trial.name] = judgement
                if is_live:
                    click.echo(_LINE_AGAIN, nl=False, err=True)
                click.echo(write_judgement(judgement))
                _check_reach(suite, judged.judgements.values())
                if is_live:
                    click.echo(_write_progress(suite, judged.judgements), nl=False, err=True)
    except KeyboardInterrupt:
        judged.status = judged.status or INTERRUPTED
    finally:
        if is_live:
            click.echo(_LINE_AGAIN, nl=False, err=True)
    return judged


@contextmanager
def _hear_signals(judged: Judged) -> Iterator[None]:
    """End as by Ctrl-C when a supervisor asks for it, so that no client is left behind."""

    def stop(number: int, _: FrameType | None) -> None:
        judged.status = 128 + number
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names}
    heard = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in heard:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def _write_progress(suite: Suite, found: Iterable[str]) -> str:
    """How far the suite is, and what it waits for if that is not much."""
    left = [trial.name for trial in suite.trials if trial.name not in found]
    done = len(suite.trials) - len(left)
    waits = f", waiting for {', '.join(left)}" if 0 < len(left) <= FEW else ""
    return f"{done} of {len(suite.trials)}{waits}"


def _check_reach(suite: Suite, judgements: Iterable[Judgement]) -> None:
    """Raise UsageError for a client that ran several times and has sent no request."""
    ran = [each for each in judgements if each.evidence is not None]
    total = len(suite.trials) - sum(each.evidence is None for each in judgements)
    if not ran or len(ran) < min(ENOUGH, total) or any(_was_reached(each) for each in ran):
        return
    prefix = write_prefix(suite.contract.name)
    raise UsageError(
        f"the client never reached the server with its key; it {_quote_end(ran)}. It was given "
        f"{prefix}_BASE_URL, {prefix}_API_KEY, MOCKSERVER_PROMPT, MOCKSERVER_CALLBACK_PORT"
        " and MOCKSERVER_URL; what else it needs goes into CMD: {base_url}, {api_key}, {prompt}"
    )


def _was_reached(judgement: Judgement) -> bool:
    return judgement.evidence is not None and bool(judgement.evidence.requests)


def _quote_end(judgements: Iterable[Judgement]) -> str:
    """How the client ended, and the end of what it printed."""
    runs = [run for each in judgements if each.evidence for run in each.evidence.runs]
    run = next((run for run in runs if run.errors.strip() or run.output.strip()), runs[0])
    said = clean((run.errors.strip() or run.output.strip())[-300:])
    ended = "did not end" if run.status is None else f"ended with status {run.status}"
    return f"{ended} and printed {f'{said!r}' if said else 'nothing'}"
