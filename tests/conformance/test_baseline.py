"""The baseline: what is known is no news, and what is known no longer has to go."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.conformance.baseline import Baseline, read_baseline
from mockserver.conformance.verdict import Verdict
from mockserver.errors import UsageError
from tests.conformance.judgements import build_judgement, build_report

TRIALS = ("RET-08/500", "RET-08/503", "CRE-01")
NAMES = (*TRIALS, "RET-08")
SOME = st.dictionaries(st.sampled_from(NAMES), st.just("it is known"))


RED = {False: {"fail"}, True: {"fail", "warn", "not-exercised"}}


@given(SOME, st.tuples(*(st.sampled_from(Verdict) for _ in TRIALS)), st.booleans())
def test_a_suite_passes_if_all_that_fails_is_known_and_all_that_is_known_fails(
    reasons: dict[str, str], verdicts: tuple[Verdict, ...], strict: bool
) -> None:
    """A name covers its trial, an id all trials of its case; what passed instead is stale."""
    judgements = [build_judgement(v, name) for v, name in zip(verdicts, TRIALS, strict=True)]
    report = build_report(judgements, baseline=Baseline(reasons), is_strict=strict)

    failed = {name for name, v in zip(TRIALS, verdicts, strict=True) if v in RED[strict]}
    failed |= {name.partition("/")[0] for name in failed}
    ended = {name for name, v in zip(TRIALS, verdicts, strict=True) if v in ("pass", "warn")}
    ended |= {name.partition("/")[0] for name in ended}
    unknown = [
        name for name in failed & set(TRIALS) if not {name, name.partition("/")[0]} & set(reasons)
    ]
    stale = set(reasons) & ended - failed
    assert set(report.stale) == stale
    assert report.passed is (not unknown and not stale and Verdict.HARNESS_ERROR not in verdicts)


def test_what_was_not_exercised_has_not_been_mended() -> None:
    """A case that could not be judged leaves what is known of it as it is."""
    report = build_report(
        [build_judgement(Verdict.NOT_EXERCISED)], baseline=Baseline({"POL-02": "polls on"})
    )

    assert report.passed


def test_names_and_reasons_are_read_from_yaml(tmp_path: Path) -> None:
    """A line has a name of a trial or the id of a case, and why it fails."""
    file = tmp_path / "known.yaml"
    file.write_text("POL-02: polls on for a second\nRET-08/503: 'next week: #12'\n", "utf-8")

    found = read_baseline(file, ["POL-02", "RET-08/503"])
    assert found.reasons == {"POL-02": "polls on for a second", "RET-08/503": "next week: #12"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("POL-99: it fails", "there is no case POL-99; --list"),
        ("POL-02:", "POL-02 has no reason; write one line"),
        ("POL-02: ' '", "POL-02 has no reason"),
        ("POL-02: 5", "POL-02 has no reason"),
        ("- POL-02", "write one line for each"),
        ("POL-02: [", "write one line for each"),
    ],
)
def test_a_baseline_that_cannot_be_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """An unknown name, a missing reason, a list, no YAML: each is told with an example."""
    file = tmp_path / "known.yaml"
    file.write_text(text, "utf-8")

    with pytest.raises(UsageError, match=problem) as told:
        read_baseline(file, ["POL-02"])
    assert "known.yaml" in str(told.value)
