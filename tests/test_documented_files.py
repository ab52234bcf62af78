import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCUMENTED = Path(__file__).parent.parent / "fixtures" / "documented"
PATHS = sorted(DOCUMENTED.rglob("*.json"))

ALWAYS = {"source", "edition", "operation", "kind"}
KEYS = {  # kind -> (keys it must have, keys it may have)
    "request": (ALWAYS, {"headers", "query", "elided", "body"}),
    "reply": (
        ALWAYS | {"moment", "body"},
        {"status", "headers", "elided", "partial", "contradicted"},
    ),
    "callback": (ALWAYS | {"moment", "body"}, {"elided", "partial"}),
}
UPLOADS = {"uploadBase64", "uploadStream", "uploadFromUrl"}
OWN_PATHS = {
    *("generate4oImage", "get4oImageDetails", "get4oImageDownloadUrl"),
    *("generateFluxKontextImage", "getFluxKontextDetails"),
    *("generateVeoVideo", "extendVeoVideo", "getVeoDetails", "getVeo1080pVideo"),
    *("generateAlephVideo", "getAlephDetails"),
}
OPERATIONS = {
    "kie": {"createTask", "recordInfo", "getCredits", "getDownloadUrl", *UPLOADS, *OWN_PATHS},
    "aigptimage": {"createTask", "recordInfo"},
    "gptimage15": {"generate", "status", "generateV2", "statusV2"},
}
PUBLIC_PAGE = re.compile(r"https://[a-z0-9.-]+\.[a-z]+/|^public client code .*, 20\d\d")
MOMENT = re.compile(r"[a-z]+(_[a-z]+)*")


def name_file(path: Path) -> str:
    return path.relative_to(DOCUMENTED).as_posix()


def load(path: Path) -> dict[str, Any]:
    example = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(example, dict)
    return example


def find_json_strings(value: Any) -> Iterator[str]:
    """Yield the text of each member that holds JSON, at any depth."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in members:
        if name in {"param", "paramJson", "resultJson"} and isinstance(member, str):
            yield member
        if isinstance(member, dict | list):
            yield from find_json_strings(member)


def resolve(pointer: str, value: Any) -> Any:
    for name in pointer.split("/")[1:]:
        value = value[name]
    return value


every_file = pytest.mark.parametrize("path", PATHS, ids=name_file)


def test_every_provider_has_requests_and_replies() -> None:
    """Each provider has a folder with at least one request and one reply, and nobody else has."""
    found = {(path.parent.name, load(path)["kind"]) for path in PATHS}
    expected = {(provider, kind) for provider in OPERATIONS for kind in ("request", "reply")}

    assert found - {("kie", "callback")} == expected


@every_file
def test_a_file_has_the_keys_of_its_kind(path: Path) -> None:
    """An example is of a known kind and has the keys of that kind, no more and no fewer."""
    example = load(path)
    must, may = KEYS[example["kind"]]

    assert must <= set(example) <= must | may


@every_file
def test_a_file_says_where_it_belongs(path: Path) -> None:
    """Operation and moment are words of the contract, and the file's name tells its kind."""
    example = load(path)

    assert example["operation"] in OPERATIONS[path.parent.name]
    assert MOMENT.fullmatch(example.get("moment", "ok"))
    assert path.name.endswith(f".{example['kind']}.json")


@every_file
def test_a_file_says_its_edition(path: Path) -> None:
    """An example is documented, or observed, and then its file's name begins with that word."""
    expected = "observed" if path.name.startswith("observed-") else "documented"

    assert load(path)["edition"] == expected


@every_file
def test_a_source_is_a_public_page(path: Path) -> None:
    """The source names a public page by its address, or dated public client code."""
    assert PUBLIC_PAGE.search(load(path)["source"])


@every_file
def test_a_request_sends_something(path: Path) -> None:
    """A request carries a body or query parameters; replies and callbacks always have a body."""
    assert load(path).keys() & {"body", "query"}


@every_file
def test_json_in_strings_is_json(path: Path) -> None:
    """Every `param`, `paramJson` and `resultJson` string holds a JSON object."""
    held = [json.loads(text) for text in find_json_strings(load(path))]

    assert all(isinstance(value, dict) for value in held)


@every_file
def test_what_is_elided_stands_empty(path: Path) -> None:
    """Each elided pointer leads to an empty object in the body."""
    example = load(path)

    assert all(resolve(pointer, example["body"]) == {} for pointer in example.get("elided", []))


@every_file
def test_partial_is_true_or_absent(path: Path) -> None:
    """A whole example has no `partial` key, so that nobody has to ask what false means."""
    assert load(path).get("partial", True) is True


@pytest.mark.parametrize("path", sorted(DOCUMENTED.glob("*/observed-*")), ids=name_file)
def test_an_observed_reply_came_with_status_200(path: Path) -> None:
    """Every reply that was observed came with HTTP status 200, whatever code its body carries."""
    assert load(path)["status"] == 200
