"""Security: the key goes to the provider alone, and nobody sends the client elsewhere with it."""

from collections.abc import Iterator
from typing import Any, Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.sight import (
    count_between,
    list_proof,
    see_end,
    see_failure,
    see_no_key,
    see_success,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract
from mockserver.faults.kinds.terminal_codes import CODES

POLLS: Final = {"polls": 2}
ELSEWHERE: Final = "/elsewhere"
MOST_HOPS: Final = 100
LOCAL: Final = "file:///etc/hosts"
STRAY: Final = "mockserver-conform-stray.png"


@case(
    "SEC-01", "shows the key only where the contract asks for it", MUST, "RFC 9110 17.9", pace=POLLS
)
def show_the_key_in_one_place(evidence: Evidence) -> Iterator[Finding]:
    """Addresses and bodies are logged by everybody on the way. The key belongs into its header."""
    odd = [
        each
        for each in evidence.requests
        if evidence.key in f"{each.target} {each.request} {_list_other_headers(each.headers)}"
    ]
    yield Finding(not odd, "the key in the header Authorization alone", "", list_proof(odd))
    yield from see_success(evidence)


def _list_other_headers(headers: Any) -> list[str]:
    return [value for name, value in headers.items() if name != "authorization"]


@case(
    "SEC-02",
    "fetches result files without the key",
    MUST,
    "RFC 9110 17.9",
    asks=[Ability.DOWNLOAD],
    pace=POLLS,
)
def keep_the_key_from_file_hosts(evidence: Evidence) -> Iterator[Finding]:
    """Result files lie on somebody else's server, which has no business with the key."""
    if evidence.downloads:
        yield see_no_key(evidence, evidence.downloads, "for result files")


@case(
    "SEC-03",
    "does not carry the key to where it is redirected",
    MUST,
    "RFC 9110 15.4",
    pace=POLLS,
    faults=[{"fault": "redirect", "operation": "inspect", "nth": 1, "to": f"{{files}}{ELSEWHERE}"}],
)
def leave_the_key_behind(evidence: Evidence) -> Iterator[Finding]:
    """A poll is redirected to another server. Whoever follows goes there without the key."""
    led = [each for each in evidence.requests if each.target.startswith(ELSEWHERE)]
    yield see_no_key(evidence, led, "to the other server")
    yield from see_end(evidence)


@case(
    "SEC-07",
    "stops in a circle of redirects",
    MUST,
    "RFC 9110 15.4",
    setting=Setting(
        {"faults": [{"fault": "redirect", "operation": "inspect", "to": "{target}"}]},
        patience=40.0,
    ),
    asks=[Ability.DEADLINE],
)
def stop_in_a_circle(evidence: Evidence) -> Iterator[Finding]:
    """Every poll is redirected to itself. The client notices, and does not turn for ever."""
    yield count_between("polls", evidence.polls, 1, MOST_HOPS)
    yield from see_end(evidence)


def _list_troubles(_: Contract) -> dict[str, Setting]:
    faults: dict[str, dict[str, Any]] = {
        "error": {"fault": "status", "status": 500, "operation": "submit"},
        "silence": {"fault": "hang", "lasts": "1s", "operation": "submit", "takes_effect": False},
        "no-json": {"fault": "malformed-json", "operation": "submit"},
    }
    refused = {"refused": Setting({"condition": "unauthorized"})}
    return refused | {name: Setting({"faults": [fault]}) for name, fault in faults.items()}


@case(
    "SEC-05",
    "never prints the key",
    MUST,
    "a leak",
    setting=_list_troubles,
)
def keep_the_key_secret(evidence: Evidence) -> Iterator[Finding]:
    """What is printed in trouble ends up in logs and bug reports. The key must not be in it."""
    for run in evidence.runs:
        shown = [
            name
            for name, text in (("stdout", run.output), ("stderr", run.errors))
            if evidence.key in text
        ]
        shown += [name for name, content in run.files.items() if evidence.key.encode() in content]
        yield Finding(not shown, "no key in what it prints and writes", ", ".join(shown))


@case(
    "SEC-08",
    "fetches results over the network alone",
    SHOULD,
    "OWASP API7",
    asks=[Ability.DOWNLOAD],
    pace=POLLS,
    faults=[{"fault": "foreign-results", "to": LOCAL}],
)
def read_no_local_file(evidence: Evidence) -> Iterator[Finding]:
    """The address of the result is that of a file on the client's own machine. It is not read."""
    yield from see_failure(evidence)


def _list_names(_: Contract) -> dict[str, Setting]:
    names = {
        "plain": f'filename="../../{STRAY}"',
        "encoded": f"filename*=UTF-8''..%2F..%2F{STRAY}",
    }
    faults = {
        name: {
            "fault": "extra-headers",
            "operation": "file",
            "headers": {"Content-Disposition": f"attachment; {words}"},
        }
        for name, words in names.items()
    }
    return {name: Setting({"pace": POLLS, "faults": [fault]}) for name, fault in faults.items()}


@case(
    "SEC-09",
    "writes only into its own folder, whatever a file is called",
    MUST,
    "RFC 6266 4.3",
    asks=[Ability.DOWNLOAD],
    setting=_list_names,
)
def stay_in_the_folder(evidence: Evidence) -> Iterator[Finding]:
    """The file host says that the file's name is `../../x`. That may be its name, and no path."""
    for run in evidence.runs:
        seen, proof = ", ".join(run.strays), list_proof(evidence.downloads)
        yield Finding(not run.strays, "no file outside of its folder", seen, proof)
    yield from see_end(evidence)


def _say_codes(_: Contract) -> dict[str, Setting]:
    faults = [{"fault": "terminal-codes"}]
    return {
        "failed": Setting({"outcome": "failed", "pace": POLLS, "faults": faults}),
        "refused": Setting({"condition": "insufficient_credits", "faults": faults}),
    }


@case(
    "SEC-11",
    "lets nobody steer its user's terminal",
    SHOULD,
    "CWE-150",
    setting=_say_codes,
)
def print_no_codes(evidence: Evidence) -> Iterator[Finding]:
    """The words of a refusal, or of a failure, hold codes that change colours, titles, the screen.

    Whoever prints them takes the codes out, or quotes them.
    """
    for run in evidence.runs:
        lines = f"{run.output}{run.errors}".split("\n")
        shown = [line for line in lines if any(code in line for code in CODES)]
        yield Finding(not shown, "no such code in what it prints", ascii("".join(shown[-1:]))[:300])
    yield from see_failure(evidence)
