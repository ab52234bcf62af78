"""Submitting: once, as the contract has it, and never again for what cannot be helped."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, PROMPT, SHOULD, Setting, case
from mockserver.conformance.evidence import ASKING, Evidence
from mockserver.conformance.feature import Feature, find_outages, list_moments
from mockserver.conformance.sight import (
    count_between,
    describe_end,
    list_proof,
    list_texts,
    see_failure,
    see_one_submit,
    see_success,
    see_waits,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract
from mockserver.contract.reading import read_reply
from mockserver.control_client.views import RequestView

QUICK: Final = {"polls": 2}
PAUSE: Final = 0.5  # seconds between two submits
MOST_SUBMITS: Final = 60  # of one order that is refused each time
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
    moments = list_moments(contract)
    return {
        name.replace("_", "-"): Setting({"condition": name}) for name in known if name in moments
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
    setting=Setting(credits=0),
)
def accept_missing_credits(evidence: Evidence) -> Iterator[Finding]:
    """The account is empty, and credits do not come back by themselves. The client says so."""
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


def _list_odd_ids(contract: Contract) -> dict[str, Setting]:
    """Ids that want quoting, with a slash unless they stand in a path; long ones; large numbers."""
    is_in_path = any("{" in op.path for role in ASKING for op in contract.find_role(role))
    ids = {
        "quoted": f"{'' if is_in_path else '/'}%41+?a=b&c#~{{hex:16}}",
        "long": "{alnum:80}-{alnum:80}-{alnum:80}",
        "number": "8{digits:17}1",  # which no number with a fraction holds: they go on by 1024
    }
    return {name: Setting({"pace": QUICK, "ids": pattern}) for name, pattern in ids.items()}


@case(
    "CRE-08",
    "asks for its task by the very id that it was given",
    MUST,
    "RFC 3986 2.1, RFC 8259 6",
    setting=_list_odd_ids,
)
def keep_ids_as_they_are(evidence: Evidence) -> Iterator[Finding]:
    """An id is a text like any other: it is quoted in addresses, and nobody reckons with it."""
    lost = [each for each in evidence.polls if each.task is None]
    yield Finding(not lost, "every poll names the task", f"{len(lost)}", list_proof(lost))
    yield count_between("polls", evidence.polls, 1)
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
    """The provider does not do it now, and may not for long. A client says so to its user.

    It may try again before: a refused submit costs nothing. But not for ever.
    """
    yield count_between("submits", evidence.submits, 1, MOST_SUBMITS)
    yield from see_failure(evidence)


@case(
    "CRE-16",
    "leaves pauses between its submits when nobody is served",
    SHOULD,
    "the contract",
    needs=[Feature.OUTAGES],
    setting=_list_outages,
)
def leave_the_door_alone(evidence: Evidence) -> Iterator[Finding]:
    """Whoever tries again does so after a while. The door does not open for hammering at it."""
    yield count_between("submits", evidence.submits, 1)
    yield from see_waits(evidence.submits, PAUSE)


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
        for text in _list_messages(evidence, submit):
            seen = describe_end(run.status, run.errors or run.output)
            yield Finding(text in said, f"{text!r} is printed", seen, list_proof([submit]))


def _list_messages(evidence: Evidence, submit: RequestView) -> list[str]:
    """What a reply says to people, by the marks of its contract."""
    operation = evidence.contract.operations[submit.operation or ""]
    readings = read_reply(evidence.contract, operation, submit.reply)
    found = (reading.facts.get("reply.message") for reading in readings)
    return [text for text in dict.fromkeys(found) if isinstance(text, str) and text]


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
