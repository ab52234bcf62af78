import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.cli import COMMANDS
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.scenarios.scenario import list_scenarios

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
WORDS = (ROOT / "contracts" / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def contracts() -> list[Contract]:
    return [load(path.parent) for path in contracts_dir().glob("*/contract.yaml")]


def list_keys_in_readme() -> Iterator[str]:
    """Scenarios as they stand behind the name in a key: `sk-mock-ci.fails`, `.server-error`."""
    yield from re.findall(r"`(?:sk-mock-\w+)?\.([a-z][a-z-]+)(?:\.\d+)?`", README)


def test_every_scenario_of_the_readme_exists(contracts: list[Contract]) -> None:
    """A key that the README shows is understood by some provider."""
    known = {name for contract in contracts for name in list_scenarios(contract)}
    shown = set(list_keys_in_readme())

    assert len(shown) >= 6
    assert shown <= known


def test_every_command_of_the_readme_exists() -> None:
    """The README names only commands that there are, and each that there is."""
    named = set(re.findall(r"mockserver ([a-z]+)", README))
    listed = set(re.findall(r"^\| `mockserver (.+?)` \|", README, re.MULTILINE))
    words = {word for row in listed for word in re.findall(r"[a-z]+", row)}

    assert named - set(COMMANDS) <= {"is"}
    assert set(COMMANDS) <= words | named


def test_every_provider_stands_in_the_readme(contracts: list[Contract]) -> None:
    """Each contract's real address and its place here are in the table."""
    rows = [
        f"| {c.title} | `{c.servers[0]}` | `http://127.0.0.1:8787/{c.name}` |" for c in contracts
    ]

    assert rows
    assert [row for row in rows if row not in README] == []


def test_the_numbers_of_the_readme_are_true(contracts: list[Contract]) -> None:
    """As many cases and models as it says."""
    from mockserver.conformance.cases import CASES

    jobs = next(each for each in contracts if each.name == "kie").operations["createTask"].body
    assert jobs is not None
    assert re.findall(r"There are (\d+) cases", README) == [str(len(CASES))]
    assert re.findall(r"^(\d+) models of KIE", README, re.MULTILINE) == [str(len(jobs.models))]


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench"])
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    """A target that the README shows is in the Makefile."""
    assert re.search(rf"make {target}\b", README)
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_page_of_words_names_every_word_and_fact() -> None:
    """Every word, moment and fact of the code stands on the page for authors of contracts."""
    from mockserver.contract.facts import FACTS
    from mockserver.contract.formats import FORMATS
    from mockserver.contract.grammar import load_grammar
    from mockserver.contract.moments import CONDITIONS, OK, Phase

    formats = {name for encodings in FORMATS.values() for name in encodings if name}
    known = {*load_grammar()["words"], *FACTS, OK, *Phase, *CONDITIONS, *formats}

    assert [name for name in sorted(known) if f"`{name}`" not in WORDS] == []
