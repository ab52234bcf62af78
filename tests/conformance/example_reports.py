"""What the reports of the example clients say: the table of their page, and what tests expect.

`python tests/conformance/example_reports.py` writes the table into fixtures/clients/README.md.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

README: Final = Path(__file__).resolve().parents[2] / "fixtures" / "clients" / "README.md"
CLIENTS: Final = ("with_requests.py", "with_fetch.mjs", "with_curl.sh")

# What the page says of all three in its words: each of these they pass.
SHARED: Final = ("CRE-01", "POL-01", "DWN-04", "RET-11", "IDE-07", "MNY-03")

# Cases that a client has lost long before it ends, if it ever does.
HOPELESS: Final = {
    "with_requests.py": ("POL-12", "RET-12"),
    "with_fetch.mjs": (),
    "with_curl.sh": ("FCT-01", "RET-12", "WIR-03"),
}


@dataclass(frozen=True)
class Row:
    """One line of the table: what happens, and what each client makes of it, verdict first."""

    what: str
    trial: str
    verdicts: tuple[str, str, str]  # "fail: sends its key there"


ROWS: Final = (
    Row("the result lies on another host", "SEC-02", ("fail: sends its key there", "pass", "pass")),
    Row("the reply to a poll is no JSON", "RET-15", ("fail: shows a trace", "pass", "pass")),
    Row(
        "a submit is refused inside HTTP 200",
        "FCT-01",
        ("pass: by a crash", "pass", "fail: polls thirty times for no task"),
    ),
    Row(
        "the credits are missing",
        "CRE-15",
        ("warn: shows a trace instead", "pass", 'warn: says only "no result"'),
    ),
    Row(
        "a prompt has quotes, a backslash and an emoji",
        "WIR-03",
        ("pass", "pass", "fail: sends broken JSON"),
    ),
    Row(
        "a task never ends",
        "POL-12",
        ("fail: never gives up", "pass", "fail: gives up without the task's id"),
    ),
    Row(
        "a submit is never answered",
        "RET-12",
        ("fail: waits for ever", "pass", "fail: waits for ever"),
    ),
    Row(
        "a refused poll says when to come back",
        "RET-02",
        (
            "pass: ends at the first refusal",
            "fail: comes back too early",
            "fail: comes back too early",
        ),
    ),
    Row(
        "the link to the image has expired", "DWN-02", ("fail: saves it", "pass", "fail: saves it")
    ),
    Row(
        "a page comes instead of an image",
        "DWN-03/page",
        ("fail: saves it", "fail: saves it", "fail: saves it"),
    ),
    Row("the connection breaks off in the image", "DWN-01", ("pass", "pass", "pass")),
    Row(
        "half an image comes, in a reply that is whole",
        "DWN-09/short",
        ("warn: saves it", "warn: saves it", "warn: saves it"),
    ),
)


def list_expected(client: str) -> dict[str, str]:
    """The verdict of each trial that a client is held against."""
    place = CLIENTS.index(client)
    told = {row.trial: row.verdicts[place].partition(":")[0] for row in ROWS}
    return dict.fromkeys(SHARED, "pass") | told


def write_table() -> str:
    """The table, in Markdown: what breaks a MUST is bold, what breaks a SHOULD is slanted."""
    names = (name.partition("_")[2].partition(".")[0] for name in CLIENTS)
    lines = [f"| what happens | {' | '.join(names)} |", "| --- | --- | --- | --- |"]
    for row in ROWS:
        cells = " | ".join(map(_write_cell, row.verdicts))
        lines.append(f"| {row.what} ({row.trial}) | {cells} |")
    return "\n".join(lines) + "\n"


def _write_cell(verdict: str) -> str:
    word, _, why = verdict.partition(": ")
    mark = {"fail": "**", "warn": "*"}.get(word, "")
    return f"{mark}{why}{mark}" if mark else verdict


def find_table(page: str) -> str:
    """The table as it stands on a page; empty if there is none."""
    found = re.search(r"^\| what happens \|.*?\n(?!\|)", page, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


if __name__ == "__main__":
    page = README.read_text("utf-8")
    README.write_text(page.replace(find_table(page), write_table()), "utf-8")
