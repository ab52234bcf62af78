"""What a whole suite came to: everything that a report shows, whatever its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mockserver.conformance.baseline import Baseline
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.money import Waste, find_waste
from mockserver.conformance.verdict import Verdict


@dataclass(frozen=True)
class Report:
    """The judgements of a suite, in the order of its cases."""

    provider: str
    edition: str
    client: str  # how it is called: its command line
    judgements: Sequence[Judgement]
    baseline: Baseline
    rerun: str  # the command that repeats the suite; `--case ID` goes before its ` -- `
    seconds: float

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        """How many judgements there are of each verdict."""
        found = [judgement.verdict for judgement in self.judgements]
        return {verdict: found.count(verdict) for verdict in Verdict}

    @cached_property
    def news(self) -> Sequence[Judgement]:
        """The red judgements that the baseline does not know."""
        return [j for j in self.judgements if j.is_red and self.baseline.explain(j) is None]

    @cached_property
    def stale(self) -> Sequence[str]:
        """What the baseline knows and is no failure any more."""
        return self.baseline.list_stale(self.judgements)

    @cached_property
    def waste(self) -> Sequence[Waste]:
        """Credits that were wasted."""
        return find_waste(self.judgements)

    @property
    def passed(self) -> bool:
        """Whether nothing is red that was not known, and nothing known is stale."""
        return not self.news and not self.stale

    def write_rerun(self, judgement: Judgement) -> str:
        """The command that runs one case alone."""
        before, dashes, command = self.rerun.partition(" -- ")
        return f"{before} --case {judgement.trial.name}{dashes}{command}"
