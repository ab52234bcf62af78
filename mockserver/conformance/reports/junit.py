"""The report for CI: JUnit's XML, in which every trial is a test."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.report import Report
from mockserver.conformance.reports.findings import write_findings
from mockserver.conformance.reports.journal import clean
from mockserver.conformance.verdict import Verdict

SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.NOT_EXERCISED)


def write_junit(report: Report) -> str:
    """The whole report as XML, with one suite."""
    suite = ET.Element("testsuite", name=f"mockserver conform {report.provider}")
    for judgement in report.judgements:
        suite.append(_build_test(report, judgement))
    for name in report.stale:
        test = ET.SubElement(suite, "testcase", classname="conform.baseline", name=clean(name))
        ET.SubElement(test, "failure", message="this known failure is none any more; take it out")
    for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    suite.set("time", f"{report.seconds:.3f}")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _build_test(report: Report, judgement: Judgement) -> ET.Element:
    trial = judgement.trial
    test = ET.Element(
        "testcase",
        classname=f"conform.{report.provider}.{trial.case.id.partition('-')[0]}",
        name=f"{trial.name} {trial.case.title}",
        time=f"{judgement.seconds:.3f}",
    )
    known = report.explain(judgement)
    text = "\n".join(_write_lines(report, judgement))
    if known is not None:
        ET.SubElement(test, "skipped", message=clean(f"known: {known}"))
    elif report.is_red(judgement):
        tag = "error" if judgement.verdict is Verdict.HARNESS_ERROR else "failure"
        found = ET.SubElement(test, tag, message=clean(judgement.reason))
        found.set("type", str(judgement.verdict))
        found.text = text
    elif judgement.verdict in SKIPPED:
        message = clean(f"{judgement.verdict}: {judgement.reason}")
        ET.SubElement(test, "skipped", message=message)
    if judgement.verdict is not Verdict.NOT_APPLICABLE:
        ET.SubElement(test, "system-out").text = text
    return test


def _write_lines(report: Report, judgement: Judgement) -> Iterator[str]:
    """The verdict, the rule, and what proves that it was broken."""
    case = judgement.trial.case
    yield clean(f"{judgement.verdict} [{case.severity}] {case.requirement} ({case.source})")
    yield from write_findings(judgement)
    yield clean(f"again: {report.write_rerun(judgement)}")
