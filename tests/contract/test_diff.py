"""Two contracts compared: what is called breaking, what compatible, and what nobody can tell."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.diff import Change, Verdict, compare
from mockserver.contract.diff.schemas import Side, compare_schemas
from mockserver.contract.document import Document
from mockserver.contract.load import build, list_editions, load, read_document
from mockserver.contract.model import Contract
from mockserver.contract.overlay import apply_overlay
from mockserver.contract.validate import Answer, Validator, covers
from mockserver.data import contracts_dir

ACORN = Path(__file__).parents[2] / "fixtures" / "acorn"
FOLDERS = [*sorted(file.parent for file in contracts_dir().glob("*/contract.yaml")), ACORN]
EDITIONS = [(folder, edition) for folder in FOLDERS for edition in list_editions(folder)]

BREAKING, UNSURE, COMPATIBLE = Verdict.BREAKING, Verdict.UNSURE, Verdict.COMPATIBLE
SUBMIT = "$.paths['/v1/plantings'].post"
LOOK = "$.paths['/v1/plantings/{id}'].get.responses['200'].content['application/json'].schema.oneOf"
WORDS = "$['x-provider']"

LEAVES = st.one_of(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer"},
            {"type": "number"},
            {"type": "null"},
            {"type": ["string", "null"]},
            {"type": "integer", "minimum": 1},
            {"type": "string", "minLength": 1},
            {"type": "string", "maxLength": 0},
            {"const": 1},
            {"const": "a"},
            {"enum": [1, "a"]},
            {"enum": ["a", None]},
            {},
        ]
    ),
)
NAMES = st.sampled_from(["a", "b"])


def draw_objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda fields, required: {
            "type": "object",
            "properties": fields,
            "required": [name for name in sorted(required) if name in fields],
        },
        st.dictionaries(NAMES, children, max_size=2),
        st.sets(NAMES),
    )


SCHEMAS = st.recursive(LEAVES, draw_objects, max_leaves=5)
VALUES = st.recursive(
    st.sampled_from([None, 1, 0, 1.5, "a", "", "b"]),
    lambda children: st.dictionaries(NAMES, children, max_size=2),
    max_leaves=5,
)


@given(old=SCHEMAS, new=SCHEMAS, value=VALUES, side=st.sampled_from(Side))
def test_what_is_called_compatible_refuses_no_value(
    old: Any, new: Any, value: Any, side: Side
) -> None:
    """If no difference breaks, then each value that one side may send is taken by the other."""
    found = compare_schemas(old, new, side)
    sender, taker = (old, new) if side is Side.REQUEST else (new, old)

    if all(each.verdict is COMPATIBLE for each in found):
        sends, takes = (Validator(schema, "test").accepts(value) for schema in (sender, taker))
        assert takes or not sends


@given(old=SCHEMAS, new=SCHEMAS)
def test_the_algebra_decides(old: Any, new: Any) -> None:
    """What the algebra does not prove to be safe is never called compatible."""
    found = compare_schemas(old, new, Side.REPLY)
    answer = covers(old, new)

    if answer is Answer.NO:
        assert any(each.verdict is BREAKING for each in found)
    if answer is Answer.UNKNOWN:
        assert any(each.verdict is not COMPATIBLE for each in found)


@given(schema=SCHEMAS, side=st.sampled_from(Side))
def test_a_schema_does_not_differ_from_itself(schema: Any, side: Side) -> None:
    """The same schema twice has no difference."""
    assert compare_schemas(schema, schema, side) == []


@pytest.mark.parametrize(
    ("old", "new", "request_side", "reply_side"),
    [
        ({"type": "string"}, {"type": ["string", "null"]}, COMPATIBLE, BREAKING),
        ({"type": "string", "maxLength": 9}, {"type": "string"}, COMPATIBLE, BREAKING),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, BREAKING, COMPATIBLE),
        ({"const": ""}, {"type": "null"}, BREAKING, BREAKING),
        (
            {"type": "integer", "format": "duration-ms", "x-fact": "task.elapsed"},
            {"type": "integer", "format": "duration-s", "x-fact": "task.elapsed"},
            BREAKING,
            BREAKING,
        ),
        (
            {"type": "string"},
            {"type": "string", "contentMediaType": "application/json"},
            BREAKING,
            COMPATIBLE,
        ),
        ({"type": "string", "default": "a"}, {"type": "string"}, COMPATIBLE, COMPATIBLE),
        ({"type": "string", "x-fact": "task.id"}, {"type": "string"}, COMPATIBLE, COMPATIBLE),
        (
            {"type": "string", "pattern": "^a+$"},
            {"type": "string", "pattern": "^a*$"},
            UNSURE,
            BREAKING,
        ),
    ],
)
def test_the_direction_decides(
    old: Any, new: Any, request_side: Verdict, reply_side: Verdict
) -> None:
    """More may be taken and less may be sent; the reverse of either breaks clients."""
    for side, verdict in ((Side.REQUEST, request_side), (Side.REPLY, reply_side)):
        found = compare_schemas({"properties": {"f": old}}, {"properties": {"f": new}}, side)

        assert [(each.pointer, each.verdict) for each in found] == [("/f", verdict)]


@cache
def read(folder: Path, edition: str) -> Contract:
    return load(folder, edition)


@pytest.mark.parametrize(("folder", "edition"), EDITIONS)
def test_a_contract_does_not_differ_from_itself(folder: Path, edition: str) -> None:
    """The same edition of a contract, read twice, has no change."""
    assert compare(read(folder, edition), load(folder, edition)) == []


def change(*actions: dict[str, Any]) -> list[Change]:
    """What changes for the clients of acorn if its contract does."""
    document = read_document(ACORN, "documented")
    root = apply_overlay(document.root, {"overlay": "1.0.0", "actions": actions}, "test")
    changed = build(Document(ACORN, root, document.name), "changed", ("changed",))
    return compare(read(ACORN, "documented"), changed)


def update(target: str, **values: Any) -> dict[str, Any]:
    return {"target": target, "update": values}


def remove(target: str) -> dict[str, Any]:
    return {"target": target, "remove": True}


CHANGES: dict[str, tuple[list[dict[str, Any]], tuple[Verdict, str, str]]] = {
    "a state is new": (
        [{"target": f"{WORDS}.lifecycle", "update": {"state": 7, "phase": "failed"}}],
        (BREAKING, "state 7", ""),
    ),
    "a state means something else": (
        [update(f"{WORDS}.lifecycle[?@.state == 5]", phase="failed")],
        (BREAKING, "state 5", ""),
    ),
    "a limit is tighter": (
        [update(f"{WORDS}.limits[0]", max=5)],
        (BREAKING, "limit of submit per 10s", ""),
    ),
    "a limit is gone": (
        [remove(f"{WORDS}.limits[0]")],
        (COMPATIBLE, "limit of submit per 10s", ""),
    ),
    "a tier's limit is wider": (
        [update(f"{WORDS}.tiers.grove[0]", max=30)],
        (COMPATIBLE, "limit of grove active", ""),
    ),
    "a failure has another code": (
        [update(f"{WORDS}.failures[0]", code="E-ROT")],
        (UNSURE, "failure blight", ""),
    ),
    "a failure is new": (
        [{"target": f"{WORDS}.failures", "update": {"name": "rot", "message": "It rotted."}}],
        (UNSURE, "failure rot", ""),
    ),
    "a failure of one submit has another code": (
        [update("$.paths['/v1/grafts'].post['x-failures'][0]", code=70)],
        (UNSURE, "failure drought of graft", ""),
    ),
    "links live shorter": (
        [update(f"{WORDS}.retention", links="10m")],
        (BREAKING, "retention of links", ""),
    ),
    "a task is paid earlier": ([update(WORDS, charge="submit")], (COMPATIBLE, "charge", "")),
    "ids look otherwise": ([update(WORDS, ids="{hex:32}")], (UNSURE, "ids", "")),
    "the address is another one": (
        [remove("$.servers[0]"), {"target": "$.servers", "update": {"url": "https://b.example"}}],
        (BREAKING, "servers", ""),
    ),
    "a callback is signed otherwise": (
        [
            update(
                f"{SUBMIT}.callbacks.grown['{{$request.body#/tell/url}}'].post['x-delivery']"
                ".signature",
                scheme="hmac-sha256-base64",
            )
        ],
        (BREAKING, "delivery signature", ""),
    ),
    "a callback is tried less often": (
        [
            update(
                f"{SUBMIT}.callbacks.grown['{{$request.body#/tell/url}}'].post['x-delivery']",
                attempts=1,
            )
        ],
        (UNSURE, "delivery attempts", ""),
    ),
    "a callback is gone": ([remove(f"{SUBMIT}.callbacks")], (BREAKING, "plant callback", "")),
    "a parameter is required": (
        [update(f"{SUBMIT}.parameters[0]", required=True)],
        (BREAKING, "plant request", "header Idempotency-Key"),
    ),
    "a field of a request is required": (
        [
            {
                "target": f"{SUBMIT}.requestBody.content['application/json'].schema.required",
                "update": "tell",
            }
        ],
        (BREAKING, "plant request quick-oak", "/tell"),
    ),
    "a field of a reply is gone": (
        [remove(f"{LOOK}[0].properties.species"), remove(f"{LOOK}[0].required[?@ == 'species']")],
        (BREAKING, "inspectPlanting queued|running", "/species"),
    ),
    "a field of a reply is new": (
        [update(f"{LOOK}[0].properties", height={"type": "integer"})],
        (COMPATIBLE, "inspectPlanting queued|running", "/height"),
    ),
    "a field of a reply counts otherwise": (
        [update(f"{LOOK}[0].properties.changed_at", format="unix-ms")],
        (BREAKING, "inspectPlanting queued|running", "/changed_at"),
    ),
    "a refusal is no longer sent": (
        [remove(f"{SUBMIT}.responses['409']")],
        (COMPATIBLE, "plant conflict", ""),
    ),
    "an answer has another status": (
        [
            update(f"{SUBMIT}.responses", **{"202": {"$ref": "#/components/responses/Planted"}}),
            update(
                "$.components.responses",
                Planted={
                    "description": "Planted.",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["planting", "state", "planted_at"],
                                "properties": {
                                    "planting": {"type": "string", "x-fact": "task.id"},
                                    "state": {"$ref": "#/components/schemas/Growing"},
                                    "planted_at": {
                                        "type": "string",
                                        "format": "date-time-space",
                                        "x-fact": "task.created",
                                    },
                                },
                            }
                        }
                    },
                    "links": {"inspect": {"operationId": "inspectPlanting", "parameters": {}}},
                },
            ),
            remove(f"{SUBMIT}.responses['201']"),
        ],
        (BREAKING, "plant ok", ""),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_each_change_has_its_verdict(case: str) -> None:
    """One change of a contract is told where it stands, and as bad as it is."""
    actions, expected = CHANGES[case]

    assert expected in [(found.verdict, found.place, found.pointer) for found in change(*actions)]


def test_an_operation_that_is_gone_breaks() -> None:
    """Without an operation its clients are lost; the other way round they have one more."""
    old, document = read(ACORN, "documented"), read_document(ACORN, "documented")
    gone = {"target": "$.paths['/v1/plantings/{id}/fruit']", "remove": True}
    links = {"target": f"{SUBMIT}.responses['201'].links.collect", "remove": True}
    actions = {"overlay": "1.0.0", "actions": [gone, links]}
    root = apply_overlay(document.root, actions, "test")
    new = build(Document(ACORN, root, document.name), "changed", ("changed",))

    assert Change(BREAKING, "collectFruit", "", "the operation is gone") in compare(old, new)
    assert Change(COMPATIBLE, "collectFruit", "", "the operation is new") in compare(new, old)


def test_the_worst_comes_first() -> None:
    """Breaking changes stand before doubtful ones, and those before compatible ones."""
    folder = contracts_dir() / "kie"

    found = compare(read(folder, "documented"), read(folder, "observed"))

    order = [list(Verdict).index(each.verdict) for each in found]
    assert order == sorted(order)
    assert {each.verdict for each in found} == set(Verdict)
