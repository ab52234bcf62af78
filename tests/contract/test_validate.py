import pytest

from mockserver.contract.validate import Validator
from mockserver.errors import ContractError

BODY = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": {"const": "a"},
        "input": {
            "type": "object",
            "required": ["prompt"],
            "properties": {
                "prompt": {"type": "string", "minLength": 1, "maxLength": 5},
                "urls": {"type": "array", "items": {"type": "string", "format": "uri"}},
                "ratio": {"enum": ["1:1", "16:9"]},
            },
        },
    },
}
RECORD = {
    "type": "object",
    "properties": {
        "result": {
            "type": ["string", "null"],
            "contentMediaType": "application/json",
            "contentSchema": {
                "type": "object",
                "required": ["urls"],
                "properties": {"urls": {"type": "array"}},
            },
        }
    },
}


@pytest.mark.parametrize(
    ("value", "pointer", "field", "missing"),
    [
        ({"input": {"prompt": "x"}}, "", "model", True),
        ({"model": "a"}, "", "input", True),
        ({"model": "a", "input": {}}, "/input", "prompt", True),
        ({"model": "a", "input": {"prompt": ""}}, "/input/prompt", "prompt", True),
        ({"model": "a", "input": {"prompt": None}}, "/input/prompt", "prompt", True),
        ({"model": "a", "input": {"prompt": 7}}, "/input/prompt", "prompt", False),
        ({"model": "a", "input": {"prompt": "123456"}}, "/input/prompt", "prompt", False),
        ({"model": "a", "input": {"prompt": "x", "ratio": "2:1"}}, "/input/ratio", "ratio", False),
        ({"model": "a", "input": {"prompt": "x", "urls": ["no"]}}, "/input/urls/0", "urls", False),
        ([], "", "body", False),
    ],
)
def test_a_violation_names_the_field_and_whether_it_is_missing(
    value: object, pointer: str, field: str, missing: bool
) -> None:
    """Each violation has a pointer, a field to speak of, and says if something is absent."""
    found = Validator(BODY, "body").find_violations(value)[0]

    assert (pointer, field, missing) == (found.pointer, found.field, found.missing)


def test_what_is_missing_comes_first() -> None:
    """Of several violations those of absence lead, whatever the order of the schema."""
    found = Validator(BODY, "body").find_violations({"model": "b", "input": {}})

    assert [violation.missing for violation in found] == [True, False]


def test_characters_are_counted_as_code_points() -> None:
    """Five emoji are five characters."""
    assert Validator(BODY, "body").accepts({"model": "a", "input": {"prompt": "🦊" * 5}})


@pytest.mark.parametrize(
    ("text", "keyword"),
    [('{"urls": []}', None), ("", None), ("{", "contentMediaType"), ("{}", "required")],
)
def test_json_inside_a_string_is_judged_too(text: str, keyword: str | None) -> None:
    """A string that holds JSON is opened and held against its contentSchema."""
    found = Validator(RECORD, "record").find_violations({"result": text})

    assert ([] if keyword is None else [keyword]) == [violation.keyword for violation in found]
    assert Validator(RECORD, "record").accepts({"result": text}) is (keyword is None)


@pytest.mark.parametrize(
    "schema", [{"type": "no-such-type"}, {"$ref": "http://127.0.0.1:9/x"}, {"pattern": "(?=x)"}]
)
def test_a_schema_that_cannot_be_compiled_is_an_error_with_its_place(
    schema: dict[str, object],
) -> None:
    """A broken schema, a remote reference and a pattern of more than linear time are refused."""
    with pytest.raises(ContractError, match="is not a usable JSON Schema") as caught:
        Validator(schema, "acme/contract.yaml#/x").accepts({})

    assert caught.value.where == "acme/contract.yaml#/x"


def test_a_catastrophic_pattern_is_matched_in_linear_time() -> None:
    """A pattern that would take a backtracking engine for ever answers at once."""
    assert not Validator({"pattern": "^(a+)+$"}, "x").accepts("a" * 100_000 + "!")
