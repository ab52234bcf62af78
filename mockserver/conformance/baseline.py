"""The baseline: failures that are known, each with a reason, and a complaint when one is stale."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.verdict import Verdict
from mockserver.contract.plain_yaml import read_yaml
from mockserver.errors import ContractError, UsageError

EXAMPLE = "write one line for each known failure, such as `POL-02: polls on for a second`"


@dataclass(frozen=True)
class Baseline:
    """Known failures: the reason of each, by the name of its trial or the id of its case."""

    reasons: Mapping[str, str]

    def explain(self, judgement: Judgement, *, strict: bool = False) -> str | None:
        """Why a failure is known; None if it is not, or if the judgement is none.

        `strict` is as in `Judgement.is_red`. Our own mistake is nobody's known failure.
        """
        if judgement.verdict is Verdict.HARNESS_ERROR or not judgement.is_red(strict=strict):
            return None
        trial = judgement.trial
        return self.reasons.get(trial.name) or self.reasons.get(trial.case.id)

    def list_stale(self, judgements: Iterable[Judgement], *, strict: bool = False) -> list[str]:
        """The names of known failures that are none any more.

        A case that was not exercised has shown nothing: what is known of it stays.
        """
        ran = [each for each in judgements if each.verdict is not Verdict.HARNESS_ERROR]
        failed = {name for j in ran if j.is_red(strict=strict) for name in _list_names(j)}
        ended = (j for j in ran if j.verdict in (Verdict.PASS, Verdict.WARN))
        mended = {name for j in ended for name in _list_names(j)} - failed
        return [name for name in self.reasons if name in mended]


def read_baseline(file: Path, known: Iterable[str]) -> Baseline:
    """Read a YAML file of names and reasons; raises UsageError for one that is none."""
    try:
        found = read_yaml(file, file.name)
    except ContractError as error:
        raise UsageError(f"{error}; {EXAMPLE}") from error
    names = set(known)
    for name, reason in found.items():
        if name not in names:
            raise UsageError(f"{file.name}: there is no case {name}; --list shows them all")
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError(f"{file.name}: {name} has no reason; {EXAMPLE}")
    return Baseline(found)


def _list_names(judgement: Judgement) -> tuple[str, str]:
    return judgement.trial.name, judgement.trial.case.id
