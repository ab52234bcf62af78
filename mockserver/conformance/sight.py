"""Sights: what can be read from evidence, as findings. Pure, and about any contract.

Early is a mistake and late is none. Silence holds for the window in which it was watched.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from mockserver.conformance.evidence import Evidence
from mockserver.conformance.verdict import Finding
from mockserver.control_client.views import RequestView

LEEWAY: Final = 30  # milliseconds that a clock may be ahead
# What parsers of JSON say in the languages that clients are written in.
_TRACES: Final = ("SyntaxError", "JSONDecodeError", "Unexpected token", "Unexpected end of JSON")


def see_success(evidence: Evidence) -> Iterator[Finding]:
    """Every run of the client says that all went well."""
    for run in evidence.runs:
        seen = describe_end(run.status, run.errors or run.output)
        yield Finding(
            run.succeeded, "the client ends with exit status 0", seen, could_come=run.status is None
        )


def see_failure(evidence: Evidence) -> Iterator[Finding]:
    """Every run ends by itself and says that it went wrong."""
    for run in evidence.runs:
        seen = describe_end(run.status, run.errors or run.output)
        yield Finding(
            run.failed,
            "the client ends by itself, with an exit status above 0",
            seen,
            could_come=run.status is None,
        )


def see_end(evidence: Evidence) -> Iterator[Finding]:
    """Every run comes to an end by itself, whichever."""
    for run in evidence.runs:
        seen = describe_end(run.status, run.errors or run.output)
        yield Finding(
            run.status is not None, "the client ends by itself", seen, could_come=run.status is None
        )


def see_overdue(evidence: Evidence) -> Finding:
    """Of a client that is to have a deadline of its own: it did not end in its time.

    What it was given is not enough to tell a long deadline from none, so it may be given more.
    """
    spans = [run.seconds for run in evidence.runs if run.status is None]
    ways_out = "--patience gives it more, --without deadline says that it has none"
    seen = f"no end within {max(spans, default=0):.0f} s; {ways_out}"
    return Finding(not spans, "an end by the client's own deadline", seen)


def count_between(
    what: str, requests: Sequence[RequestView], least: int, most: int | None = None
) -> Finding:
    """So many requests and no more; `what` they are in one word, as many."""
    wanted = f"{least}" if most == least else f"at least {least}"
    if most is not None and most != least:
        wanted = f"at most {most}" if not least else f"{least} to {most}"
    holds = least <= len(requests) and (most is None or len(requests) <= most)
    could_come = len(requests) < least
    seen, proof = f"{len(requests)}", list_proof(requests)
    noun = what.removesuffix("s") if wanted.split()[-1] == "1" else what
    return Finding(holds, f"{wanted} {noun}", seen, proof, could_come)


def see_one_submit(evidence: Evidence) -> Finding:
    """One task was accepted for each run: nothing is paid twice."""
    tasks, runs = len(evidence.tasks), len(evidence.runs)
    proof = [request.seq for request in evidence.submits]
    return Finding(tasks == runs, f"{runs} accepted task(s)", f"{tasks}", proof, tasks < runs)


def see_waits(
    requests: Sequence[RequestView], least: float, most: float | None = None
) -> Iterator[Finding]:
    """Between each request and the next at least so many seconds, and at most so many."""
    for before, after in pairwise(requests):
        yield see_wait(before, after, least, most)


def see_wait(
    before: RequestView, after: RequestView, least: float, most: float | None = None
) -> Finding:
    """At least so many seconds between two requests, and at most so many."""
    waited = (after.at - before.at) / 1000
    holds = after.at - before.at >= least * 1000 - LEEWAY and (most is None or waited <= most)
    limit = "" if most is None else f" and at most {most:g} s"
    expected = f"a wait of at least {least:g} s{limit}"
    return Finding(holds, expected, f"{waited:.2f} s", (before.seq, after.seq))


def see_silence_after_end(evidence: Evidence) -> Iterator[Finding]:
    """No poll of a task whose end the client was told."""
    for task in evidence.tasks:
        end = evidence.find_end(task)
        if end is not None:
            late = [poll for poll in evidence.list_polls(task) if poll.number > end.number]
            window = f" (watched for {evidence.window:g} s after the client's end)"
            expected = f"no poll after the task's end{window}"
            yield Finding(not late, expected, f"{len(late)} more", list_proof([end, *late]))


def list_texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from list_texts(child)


def see_no_trace(evidence: Evidence) -> Iterator[Finding]:
    """No run shows its user what a parser says that has choked."""
    for run in evidence.runs:
        lines = f"{run.output}\n{run.errors}".splitlines()
        shown = [line.strip() for line in lines if any(trace in line for trace in _TRACES)]
        yield Finding(not shown, "an error in words, not a parser's", "".join(shown[-1:]))


def see_no_key(evidence: Evidence, requests: Sequence[RequestView], where: str) -> Finding:
    """The API key is in none of these requests."""
    sent = [each for each in requests if evidence.key in f"{each.headers} {each.target}"]
    return Finding(not sent, f"no API key in requests {where}", f"{len(sent)}", list_proof(sent))


def list_proof(requests: Sequence[RequestView]) -> list[int]:
    """The numbers by which a journal names requests."""
    return [request.seq for request in requests]


def describe_end(status: int | None, text: str) -> str:
    """How a run ended, and the last thing that it said."""
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    said = f", saying {last.strip()[:160]!r}" if last else ""
    if status is None:
        return f"it was still running when the patience was over{said}"
    return (f"exit status {status}" if status >= 0 else f"signal {-status}") + said
