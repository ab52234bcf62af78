"""Mutants: the reference client with one bug each, and the trials that must see it."""

from collections.abc import Mapping
from typing import Final

from tests.conformance.bugs import (  # noqa: F401 - each puts its bugs into the registry
    callbacks,
    ends,
    files,
    forgeries,
    keys,
    polls,
    replies,
    submits,
)
from tests.conformance.bugs.registry import OWN, switch_on

__all__ = ["KILLS", "KILLS_BY_NAME", "OWN", "SPARED", "switch_on"]

_OUTAGES: Final = ("maintenance", "feature-disabled", "key-limit-reached", "no-such-resource")


def name_all(case: str, *settings: str) -> tuple[str, ...]:
    """The names of a case's trials."""
    return tuple(f"{case}/{setting}" for setting in settings)


# Mutant -> the trials in which it must be seen.
KILLS: Final[Mapping[str, tuple[str, ...]]] = {
    "repeats-what-was-refused": (
        *name_all("CRE-04", "missing-field", "bad-value", "unknown-model", "invalid-request"),
        "CRE-05",
        "CRE-06",
        *name_all("CRE-16", *_OUTAGES),
        *name_all("RET-07", "400", "403", "404", "413", "415", "422"),
        "FCT-01",
        "FCT-02/code",
    ),
    "hides-refusals": name_all("CRE-13", *_OUTAGES),
    "calls-its-json-plain-text": ("CRE-01",),
    "sends-fields-of-its-own": ("CRE-02",),
    "says-nothing-of-itself": ("CRE-12",),
    "mixes-up-prompts": ("CRE-14",),
    "strips-what-is-not-ascii": ("WIR-03",),
    "orders-again-when-a-task-is-lost": ("POL-15",),
    "orders-again-what-has-failed": ("MNY-03", "POL-03/internal-error"),
    "repeats-a-paid-submit": ("RET-11", "IDE-07"),
    "asks-again-when-nobody-answers": ("RET-12",),
    "takes-offence-at-new-fields": ("CRE-07",),
    "quotes-no-ids": ("CRE-08/quoted",),
    "cuts-long-ids": ("CRE-08/long",),
    "takes-ids-for-numbers": ("CRE-08/number",),
    "wants-to-see-a-task-run": ("CRE-11",),
    "gives-up-after-three-polls": ("POL-01",),
    "polls-after-the-end": ("POL-02",),
    "takes-a-failure-for-a-success": name_all(
        "POL-03",
        "content-blocked",
        "content-policy",
        "image-policy",
        "internal-error",
        "generation-failed",
        "task-failed",
    ),
    "ignores-hints-of-good-replies": ("POL-04", "POL-05", "POL-07", "POL-08", "WIR-01"),
    "sleeps-for-as-long-as-it-is-told": ("POL-07",),
    "comes-back-before-a-far-hint": ("POL-07",),
    "keeps-the-first-hint": ("POL-08",),
    "reads-no-dates": ("POL-05",),
    "reckons-dates-by-its-own-clock": ("WIR-06/behind", "WIR-06/ahead"),
    "dies-of-odd-hints": name_all("POL-06", "word", "negative", "empty", "far"),
    "polls-in-a-tight-loop": ("POL-09",),
    "polls-ever-faster": ("POL-10",),
    "forgets-its-task-at-the-deadline": ("POL-12",),
    "waits-for-ever": ("POL-12", "RET-05", "RET-12"),
    "has-no-patience-with-slow-replies": ("POL-13", "RET-17"),
    "takes-not-found-for-the-end": ("POL-14",),
    "knows-only-the-documented-states": ("POL-16",),
    "dies-when-a-task-goes-back": ("POL-17",),
    "needs-every-field": ("POL-18",),
    "takes-nothing-for-a-result": ("POL-19", "POL-20"),
    "mixes-up-results": ("POL-24",),
    "polls-for-another-task": ("POL-25",),
    "calls-a-path-that-is-none": ("POL-26",),
    "ignores-the-header-retry-after": ("RET-02", "RET-03"),
    "gives-up-at-the-first-failed-poll": (
        "RET-01",
        *name_all("RET-08", "408", "425", "500", "502", "503", "504"),
        "RET-09",
        "RET-16",
        "RET-18",
        "DWN-08",
        "FCT-03",
    ),
    "never-backs-off": ("RET-05",),
    "counts-errors-for-ever": ("RET-16",),
    "believes-half-answers": ("RET-13",),
    "lets-parse-errors-out": ("RET-14", "RET-15"),
    "lets-nested-parse-errors-out": ("FCT-07",),
    "wants-one-content-type": ("WIR-02",),
    "refuses-doubled-keys": ("WIR-07",),
    "believes-http-200": ("CRE-15",),
    "takes-a-refused-poll-for-the-end": ("FCT-04",),
    "knows-one-edition": name_all("FCT-05", "documented", "2026-04", "2026-08"),
    "knows-failures-of-one-edition": name_all("FCT-06", "documented", "2026-04", "2026-08"),
    "believes-half-files": ("DWN-01",),
    "saves-whatever-comes": ("DWN-02", "DWN-03/page", "DWN-03/empty"),
    "takes-any-file-for-an-image": ("DWN-09/disguised",),
    "takes-half-a-file": ("DWN-09/short",),
    "rewrites-files": ("DWN-04",),
    "fetches-nothing": ("MNY-02",),
    "puts-the-key-into-the-address": ("SEC-01",),
    "sends-the-key-to-the-file-host": ("SEC-02",),
    "follows-redirects-blindly": ("SEC-03", "SEC-07"),
    "reads-local-files": ("SEC-08",),
    "calls-files-as-their-host-does": ("SEC-09/plain", "SEC-09/encoded"),
    "prints-whatever-it-is-told": ("SEC-11/failed", "SEC-11/refused"),
    "prints-the-key": name_all("SEC-05", "refused", "error", "silence", "no-json"),
    "refuses-every-callback": ("CBK-01",),
    "believes-unsigned-callbacks": ("CBK-20/wrong", "CBK-20/missing"),
    "acts-on-unsigned-callbacks": ("CBK-02", "CBK-03"),
    "believes-old-callbacks": ("CBK-20/old",),
    "acts-on-old-callbacks": ("CBK-04",),
    "verifies-what-it-has-spelled-itself": ("CBK-06",),
    "takes-an-empty-secret-for-one": ("CBK-20/no-secret",),
    "acts-on-callbacks-without-a-secret": ("CBK-17",),
    "refuses-what-it-knows-already": ("CBK-08",),
    "refuses-callbacks-of-unknown-tasks": ("CBK-10",),
    "waits-for-callbacks-alone": ("CBK-12",),
    "believes-what-callbacks-say": ("CBK-14",),
    "stops-at-odd-callbacks": ("CBK-15", "CBK-16"),
}

# Trials of the largest contract that have no mutant of their own, each with its reason.
SPARED: Final[Mapping[str, str]] = {
    "LIF-01": "an interrupt needs a command; test_an_interrupted_command_stops has its mutant",
    **dict.fromkeys(("FCT-05/2026-09", "FCT-06/2026-09"), "the newest edition under another name"),
}

# The same for a contract that knows names for orders, and tells in bodies when to come again.
KILLS_BY_NAME: Final[Mapping[str, tuple[str, ...]]] = {
    "makes-a-new-request-id-for-each-retry": ("IDE-01",),
    "uses-one-name-for-all-orders": ("IDE-02",),
    "changes-an-order-between-attempts": ("IDE-03",),
    "ignores-retryafter-in-the-body": ("RET-19",),
    "repeats-what-was-refused": ("CRE-04/unknown-model", "FCT-09"),
}
