"""The pages that list all rules and all faults are those of today, and leave nothing out."""

import re
from pathlib import Path
from typing import Final

import pytest

from mockserver.conformance.cases import CASES
from mockserver.faults import list_faults
from tests.catalogues.flow import write_flow
from tests.catalogues.pages import PAGES
from tests.catalogues.rules import write_rules

RULES, FAULTS = PAGES
LINK: Final = re.compile(r"\]\(([^)#]*)#([^)]+)\)")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.parent.name)
def test_a_page_is_not_stale(file: Path) -> None:
    """What is in the repository is what is written now."""
    written = PAGES[file]()

    assert file.read_text("utf-8") == written, "run `make catalogues`"


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.parent.name)
def test_every_link_leads_to_a_heading(file: Path) -> None:
    """Whatever is named can be reached, on this page or on the other one."""
    links = set(LINK.findall(read(file)))
    pages = {name: file.parent / name if name else file for name, _ in links}
    heads = {(name, head.lower()) for name, page in pages.items() for head in list_heads(page)}

    assert links
    assert links - heads == set()


def test_nothing_is_left_out() -> None:
    """Each rule and each fault has a heading of its own, in order."""
    assert list_heads(RULES) == [case.id for case in CASES]
    assert list_heads(FAULTS) == [fault.name for fault in list_faults()]


def test_every_rule_says_how_it_is_tried_and_broken() -> None:
    """No rule stands there without a trial, a source, and a broken client that it catches."""
    for part in write_rules().split("\n### ")[1:]:
        assert re.search(r"^- tried by\b", part, re.MULTILINE), part
        assert re.search(r"^- source: \S", part, re.MULTILINE), part
        assert re.search(r"^- broken by a client that \w", part, re.MULTILINE), part


def test_words_are_written_as_people_write_them() -> None:
    """Quotes stay where a text would be read as something else."""
    words = {"pace": {"polls": 3}, "to": "{target}", "headers": {"Retry-After": "2"}, "a": "no"}
    text = 'pace: {polls: 3}, to: "{target}", headers: {Retry-After: "2"}, a: "no"'

    assert write_flow(words) == text


def list_heads(file: Path) -> list[str]:
    return re.findall(r"^### (\S+)", read(file), re.MULTILINE)


def read(file: Path) -> str:
    return file.read_text("utf-8")
