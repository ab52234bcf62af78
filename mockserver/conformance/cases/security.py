"""Security: the key goes to the provider alone, and nobody sends the client elsewhere with it."""

from collections.abc import Iterator
from typing import Any, Final

from mockserver.conformance.case import MUST, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.sight import (
    count_between,
    list_proof,
    see_end,
    see_no_key,
    see_success,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract

POLLS: Final = {"polls": 2}
ELSEWHERE: Final = "/elsewhere"
MOST_HOPS: Final = 100


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
