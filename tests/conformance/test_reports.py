"""Reports: each form says what was judged, and trusts nothing that it shows."""

import json
import shlex
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.conformance import reports
from mockserver.conformance.baseline import Baseline
from mockserver.conformance.report import Report
from mockserver.conformance.reports.html import write_html
from mockserver.conformance.reports.journal import list_proof
from mockserver.conformance.reports.json import write_json
from mockserver.conformance.reports.junit import write_junit
from mockserver.conformance.reports.terminal import write_judgement, write_report
from mockserver.conformance.reports.writing import read_wishes, write_reports
from mockserver.conformance.verdict import Finding, Severity, Verdict
from mockserver.control_client.views import CallbackView
from mockserver.errors import UsageError
from tests.conformance.judgements import (
    build_evidence,
    build_judgement,
    build_report,
    build_request,
    build_run,
    build_task,
)

SCHEMA = json.loads(Path(reports.__file__).with_name("report.schema.json").read_text("utf-8"))

MEAN = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></pre></details><h1>fine</h1>",
    "]]>&amp;<![CDATA[",
    "\x1b[2J\x1b]0;title\x07\r\n\u202eevil\ud800\x00",
    "$title ${content} {0}",
]
TEXTS = st.sampled_from(MEAN) | st.text(st.characters(), max_size=40)


def write_all(said: str) -> Report:
    """A report in which a client and its prompt say the same wherever they can."""
    request = build_request(
        target=f"/{said}",
        headers={"user-agent": said},
        request=said,
        reply={said: [said]},
        notes=(said,),
        condition=said,
        fault=said,
    )
    callback = CallbackView(
        1, "kie", said, "", "succeeded", said, "held", said, 0, {"a": said}, (), None, said
    )
    run = build_run(prompt=said, output=said, errors=said, files={said: b"12"})
    evidence = build_evidence(
        runs=[run], requests=[request], callbacks=[callback], tasks=[build_task(said)]
    )
    findings = [Finding(False, said, said, (0,)), Finding(False, said, "", ())]
    judgements = [
        build_judgement(
            verdict, f"POL-0{number}", findings=findings, evidence=evidence, reason=said
        )
        for number, verdict in enumerate(Verdict)
    ]
    known = Baseline({"POL-01": said, "POL-00": said})
    return build_report(judgements, ("client", said), baseline=known)


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and nothing of its text."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[str, ...]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, *(f"{name}={value}" for name, value in attrs)))
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read_skeleton(page: str) -> list[tuple[str, ...]]:
    skeleton = Skeleton()
    skeleton.feed(page)
    skeleton.close()
    assert not skeleton.open
    return skeleton.parts


@given(TEXTS.filter(str.strip))
def test_a_page_has_the_same_elements_whatever_is_said(said: str) -> None:
    """No prompt and no reply adds an element or an attribute to the page, and all are closed."""
    page = write_html(write_all(said))

    assert read_skeleton(page) == read_skeleton(write_html(write_all("harmless")))


def test_a_page_needs_nothing_else_and_allows_nothing_else() -> None:
    """There is no script and no address in it, and its policy lets its own style in alone."""
    page = write_html(write_all(MEAN[1]))
    parts = read_skeleton(page)
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert "script" not in {part[0] for part in parts}
    assert not [part for part in parts for name in part if name.startswith(("src", "href", "on"))]
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert "url(" not in style
    assert "@import" not in style


def test_a_page_begins_with_the_sums_and_the_gravest() -> None:
    """Verdict and counts stand on top, then what is broken, and what passed comes late."""
    page = write_html(write_all("harmless"))
    order = ["Not conformant", "failures known", "Money", "MUST is broken", "SHOULD is broken"]
    order += ["Not exercised", "Passed"]
    places = [page.index(word) for word in order]

    assert places == sorted(places)


@given(TEXTS)
def test_junit_can_be_read_whatever_is_said(said: str) -> None:
    """The XML is well-formed, has a test for each trial, and its sums are right."""
    report = write_all(said)
    (suite,) = ET.fromstring(write_junit(report))  # noqa: S314 - our own

    tests = str(len(Verdict) + len(report.stale))
    assert suite.get("tests") == tests == str(len(suite.findall("testcase")))
    for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert suite.get(name) == str(len(suite.findall(f"testcase/{tag}")))


def test_junit_tells_red_from_skipped_and_known() -> None:
    """A failure fails, a harness error errs, what was not judged or is known is skipped."""
    red = Finding(False, "one submit", "2", (0,))
    judgements = [
        build_judgement(Verdict.FAIL, "CRE-01", findings=[red], evidence=build_evidence()),
        build_judgement(Verdict.FAIL, "CRE-02", findings=[red], evidence=build_evidence()),
        build_judgement(Verdict.HARNESS_ERROR, "CRE-03", reason="no account"),
        build_judgement(Verdict.WARN, "CRE-04", severity=Severity.SHOULD),
        build_judgement(Verdict.NOT_APPLICABLE, "CRE-05", reason="no callbacks"),
        build_judgement(Verdict.PASS, "CRE-06"),
    ]
    known = Baseline({"CRE-02": "next week", "CRE-06": "last week"})
    root = ET.fromstring(write_junit(build_report(judgements, baseline=known)))  # noqa: S314
    found = [(test.get("name"), [each.tag for each in test]) for test in root.iter("testcase")]
    failure = root.findtext(".//testcase[@name='CRE-01 keeps a rule']/failure", "")

    assert found == [
        ("CRE-01 keeps a rule", ["failure", "system-out"]),
        ("CRE-02 keeps a rule", ["skipped", "system-out"]),
        ("CRE-03 keeps a rule", ["error", "system-out"]),
        ("CRE-04 keeps a rule", ["system-out"]),
        ("CRE-05 keeps a rule", ["skipped"]),
        ("CRE-06 keeps a rule", ["system-out"]),
        ("CRE-06", ["failure"]),  # stale
    ]
    assert "expected  one submit" in failure
    assert "GET /x -> 200" in failure


def test_junit_fails_what_a_strict_suite_fails() -> None:
    """A warning and a MUST not exercised are failures; a SHOULD not exercised is none."""
    judgements = [
        build_judgement(Verdict.WARN, "CRE-01", severity=Severity.SHOULD),
        build_judgement(Verdict.NOT_EXERCISED, "CRE-02"),
        build_judgement(Verdict.NOT_EXERCISED, "CRE-03", severity=Severity.SHOULD),
    ]
    root = ET.fromstring(write_junit(build_report(judgements, is_strict=True)))  # noqa: S314

    found = [test[0].tag for test in root.iter("testcase")]
    assert found == ["failure", "failure", "skipped"]


@given(TEXTS)
def test_json_keeps_its_schema_whatever_is_said(said: str) -> None:
    """The report for programs is what its JSON Schema says."""
    said = said.encode("utf-8", "replace").decode()
    found = json.loads(write_json(write_all(said)))

    jsonschema_rs.validator_for(SCHEMA).validate(found)
    assert [case["verdict"] for case in found["cases"]] == [str(verdict) for verdict in Verdict]


@given(TEXTS)
def test_a_terminal_gets_no_letter_that_moves_it(said: str) -> None:
    """Whatever a client says, a line is a line, and its cursor stays where it is."""
    report = write_all(said)
    lines = [*write_report(report), *(write_judgement(each) for each in report.judgements)]

    assert all(click.unstyle(line).isprintable() for line in lines)


def test_the_end_of_the_suite_tells_the_gravest_first_and_every_trial_once() -> None:
    """Failures stand before warnings; of a case's trials one is shown, the others are named."""
    red = [Finding(False, "exit status 0", "exit status 1")]
    judgements = [
        build_judgement(Verdict.WARN, "RET-09", severity=Severity.SHOULD, findings=red),
        build_judgement(Verdict.FAIL, "RET-08/500", findings=red),
        build_judgement(Verdict.FAIL, "RET-08/503", findings=red),
    ]
    text = click.unstyle("\n".join(write_report(build_report(judgements))))

    assert text.index("FAIL  RET-08/500") < text.index("also: RET-08/503") < text.index("RET-09")
    assert text.count("expected  exit status 0") == 2
    assert text.splitlines()[-1] == "2 fail, 1 warn - kie (observed), 1.5 s"


def test_what_names_no_proof_is_shown_with_the_trouble_and_the_end() -> None:
    """A finding about the client's end is proved by the first trouble and the last requests."""
    requests = [build_request(seq, fault="reset" if seq == 2 else None) for seq in range(9)]
    judgement = build_judgement(Verdict.FAIL, evidence=build_evidence(requests=requests))

    shown = list_proof(judgement, Finding(False, "the client ends"))
    assert [request.seq for request in shown] == [2, 6, 7, 8]


@given(st.lists(st.text(st.characters(exclude_characters="\x00"), max_size=8), min_size=1))
def test_the_command_that_runs_a_case_again_can_be_pasted(command: list[str]) -> None:
    """A shell takes it apart into the same options and the same client."""
    judgement = build_judgement(Verdict.FAIL, "RET-08/503")
    report = build_report([judgement], command, options=["--provider", "kie", "--patience", "3"])

    line = ["mockserver", "conform", "--provider", "kie", "--patience", "3"]
    line += ["--case", "RET-08/503", "--", *command]
    assert shlex.split(report.write_rerun(judgement)) == line


def test_every_form_is_written_to_its_file(tmp_path: Path) -> None:
    """FORM=FILE writes that form there, as often as it is asked for."""
    wishes = read_wishes([f"{form}={tmp_path / form}" for form in ("json", "junit", "html")])
    write_reports(write_all("a fox"), wishes)

    assert json.loads((tmp_path / "json").read_text("utf-8"))["passed"] is False
    assert (tmp_path / "junit").read_text("utf-8").startswith("<?xml")
    assert (tmp_path / "html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ("pdf=x", "FORM is one of json, junit, html"),
        ("html", "FORM=FILE"),
        ("html=", "FORM=FILE"),
        ("html=/no/such/folder/x", "there is no folder"),
        ("html=.", "is a folder"),
    ],
)
def test_a_report_that_cannot_be_is_refused_before_anything_runs(wish: str, problem: str) -> None:
    """An unknown form, a missing file name, a missing folder: each is told at once."""
    with pytest.raises(UsageError, match=problem):
        read_wishes([wish])
