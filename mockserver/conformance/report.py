"""What a whole suite came to: everything that a report shows, whatever its form."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mockserver.conformance.baseline import Baseline
from mockserver.conformance.feature import Ability
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.money import Waste, find_waste, sum_spent
from mockserver.conformance.verdict import Severity, Verdict

# What is read first comes first.
BY_WEIGHT: Final = (
    Verdict.FAIL,
    Verdict.HARNESS_ERROR,
    Verdict.WARN,
    Verdict.NOT_EXERCISED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True)
class Report:
    """The judgements of a suite, in the order of its cases."""

    provider: str
    edition: str
    command: Sequence[str]  # the client, as it is called
    judgements: Sequence[Judgement]
    baseline: Baseline
    options: Sequence[str]  # of the command that repeats the suite, without its cases
    seconds: float
    lacks: frozenset[Ability] = frozenset()  # what the client is said not to do
    is_complete: bool = True  # False if it was broken off
    is_strict: bool = False  # whether it is to fail at a broken SHOULD, and at a MUST not exercised

    @property
    def client(self) -> str:
        """The client's command line."""
        return shlex.join(self.command)

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        """How many judgements there are of each verdict, what is read first first."""
        found = [judgement.verdict for judgement in self.judgements]
        return {verdict: found.count(verdict) for verdict in BY_WEIGHT}

    def select(self, verdict: Verdict) -> Sequence[Judgement]:
        """The judgements with a verdict."""
        return [judgement for judgement in self.judgements if judgement.verdict is verdict]

    @cached_property
    def news(self) -> Sequence[Judgement]:
        """The red judgements that the baseline does not know."""
        return [j for j in self.judgements if self.is_red(j) and self.explain(j) is None]

    @cached_property
    def unseen(self) -> Sequence[Judgement]:
        """Those of a MUST that was not exercised: nobody knows whether the client keeps it."""
        unseen = self.select(Verdict.NOT_EXERCISED)
        return [each for each in unseen if each.trial.case.severity is Severity.MUST]

    def is_red(self, judgement: Judgement) -> bool:
        """Whether a judgement makes the suite fail."""
        return judgement.is_red(strict=self.is_strict)

    def explain(self, judgement: Judgement) -> str | None:
        """Why the failure that a judgement is was known before; None if it was not."""
        return self.baseline.explain(judgement, strict=self.is_strict)

    @cached_property
    def stale(self) -> Sequence[str]:
        """What the baseline knows and is no failure any more."""
        return self.baseline.list_stale(self.judgements, strict=self.is_strict)

    @cached_property
    def waste(self) -> Sequence[Waste]:
        """Credits that were wasted."""
        return find_waste(self.judgements, downloads=Ability.DOWNLOAD not in self.lacks)

    @cached_property
    def spent(self) -> float:
        """Credits that were spent."""
        return sum_spent(self.judgements)

    @property
    def passed(self) -> bool:
        """Whether nothing is red that was not known, and nothing known is stale."""
        return not self.news and not self.stale

    def write_rerun(self, judgement: Judgement) -> str:
        """The command that runs one case alone, ready to paste."""
        before = ["mockserver", "conform", *self.options, "--case", judgement.trial.name]
        return shlex.join([*before, "--", *self.command])
