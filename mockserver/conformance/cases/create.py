"""Submitting: once, as the contract has it, and never again for what cannot be helped."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, PROMPT, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Feature, find_outages
from mockserver.conformance.sight import (
    count_between,
    describe_end,
    list_proof,
    list_texts,
    see_failure,
    see_one_submit,
    see_success,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract, Role

QUICK: Final = {"polls": 2}
_AGENT: Final = "the User-Agent names a product and its version"


@case("CRE-01", "submits what the contract asks for", MUST, "RFC 9110 8.3", pace=QUICK)
def submit_what_is_asked_for(evidence: Evidence) -> Iterator[Finding]:
    """A submit keeps the contract's schema and says that it is JSON. One is enough."""
    yield count_between("submits", evidence.submits, 1, 1)
    broken = [each for each in evidence.submits if each.violations]
    seen = "; ".join(violation.message for each in broken for violation in each.violations)
    yield Finding(not broken, "a submit that keeps the contract", seen, list_proof(broken))
    types = [each.headers.get("content-type", "none") for each in evidence.submits]
    is_json = all(each.startswith("application/json") for each in types)
    proof = list_proof(evidence.submits)
    yield Finding(is_json, "Content-Type: application/json", ", ".join(types), proof)
    yield from see_success(evidence)


@case("CRE-02", "sends no field that the contract does not know", SHOULD, "RFC 9110", pace=QUICK)
def send_known_fields(evidence: Evidence) -> Iterator[Finding]:
    """What the contract does not know has no effect, or another one tomorrow."""
    odd = [each for each in evidence.submits if each.notes]
    seen = "; ".join(note for each in odd for note in each.notes)
    yield Finding(not odd, "only fields of the contract", seen, list_proof(odd))


def _list_mistakes(contract: Contract) -> dict[str, Setting]:
    """Refusals for the input that a contract has; several where it tells them apart."""
    known = ("missing_field", "bad_value", "unknown_model", "invalid_request")
    shapes = {name for each in contract.find_role(Role.SUBMIT) for name in each.shapes}
    return {
        name.replace("_", "-"): Setting({"condition": name}) for name in known if name in shapes
    }


@case(
    "CRE-04",
    "does not repeat a submit that is refused for its input",
    MUST,
    "RFC 9110 15.5.21",
    setting=_list_mistakes,
)
def accept_a_bad_value(evidence: Evidence) -> Iterator[Finding]:
    """The same input is refused again, however often it is sent."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield from see_failure(evidence)


@case(
    "CRE-05",
    "does not repeat a submit with a key that is refused",
    MUST,
    "RFC 9110 15.5.2",
    condition="unauthorized",
)
def accept_a_refused_key(evidence: Evidence) -> Iterator[Finding]:
    """Whoever is refused does not come in by knocking again; keys are locked for it."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield from see_failure(evidence)


@case(
    "CRE-06",
    "does not repeat a submit for which the credits are missing",
    MUST,
    "the contract",
    needs=[Feature.PRICES],
    condition="insufficient_credits",
)
def accept_missing_credits(evidence: Evidence) -> Iterator[Finding]:
    """Credits do not come back by themselves. The client says that they are missing."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield from see_failure(evidence)


@case(
    "CRE-07",
    "takes no offence at fields that it does not know",
    MUST,
    "RFC 7493 4.2",
    pace=QUICK,
    faults=[{"fault": "extra-fields"}],
)
def ignore_unknown_fields(evidence: Evidence) -> Iterator[Finding]:
    """Providers add fields at any time. Every reply has some that nobody has heard of."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


@case("CRE-11", "takes a task that has ended at once", MUST, "the contract", pace="instant")
def take_what_is_ready(evidence: Evidence) -> Iterator[Finding]:
    """The task has succeeded before it is first asked for."""
    yield from see_success(evidence)
    yield count_between("polls", evidence.polls, 0, 2)


@case("CRE-12", "says what it is", SHOULD, "RFC 9110 10.1.5", pace=QUICK)
def say_who_calls(evidence: Evidence) -> Iterator[Finding]:
    """A provider that sees trouble wants to know whose it is."""
    agents = {each.headers.get("user-agent", "") for each in evidence.requests}
    holds = all("/" in agent for agent in agents)
    yield Finding(holds, _AGENT, ", ".join(sorted(agents)), list_proof(evidence.requests[:1]))


def _list_outages(contract: Contract) -> dict[str, Setting]:
    return {name.replace("_", "-"): Setting({"condition": name}) for name in find_outages(contract)}


@case(
    "CRE-13",
    "ends when nobody is served",
    MUST,
    "the contract",
    needs=[Feature.OUTAGES],
    setting=_list_outages,
)
def accept_a_refusal(evidence: Evidence) -> Iterator[Finding]:
    """The provider does not do it now. A client says so, and does not hammer at the door."""
    yield count_between("submits", evidence.submits, 1, 4)
    yield from see_failure(evidence)


@case(
    "CRE-15",
    "tells its user why it was refused",
    SHOULD,
    "good manners",
    condition="insufficient_credits",
)
def pass_the_reason_on(evidence: Evidence) -> Iterator[Finding]:
    """The provider says in words what is the matter. Its user can do something about that."""
    run = evidence.run
    said = " ".join((run.output, run.errors, *list_texts(run.said)))  # not only as JSON spells it
    for submit in evidence.submits[:1]:
        words = [text for text in list_texts(submit.reply) if " " in text]
        seen = describe_end(run.status, run.errors or run.output)
        holds = any(text in said for text in words)
        yield Finding(holds, f"{'; '.join(words)!r} is printed", seen, list_proof([submit]))


LONG: Final = f"{PROMPT}, with a second fox"


@case(
    "CRE-14",
    "keeps two orders apart",
    MUST,
    "the contract",
    setting=Setting({"pace": {"polls": 3}}, prompts=(PROMPT, LONG)),
)
def keep_orders_apart(evidence: Evidence) -> Iterator[Finding]:
    """Two runs at the same time make two tasks, each with its own prompt."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)
    sent = {text for each in evidence.submits for text in list_texts(each.request)}
    missing = [run.prompt for run in evidence.runs if run.prompt not in sent]
    yield Finding(not missing, "every prompt is sent", "; ".join(missing))
