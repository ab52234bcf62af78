import pytest

from mockserver.contract.expression import compile_text, list_names, parse_source


def test_facts_are_filled_into_a_text() -> None:
    """Each `{$fact}` is replaced by the fact, an absent one by nothing."""
    fill = compile_text("{$refusal.field} of {$task.id}{$task.model}")

    assert fill({"refusal.field": "prompt", "task.id": 7}) == "prompt of 7"
    assert list_names("{$refusal.field}{$task.id}{$task.model}") == [
        "refusal.field",
        "task.id",
        "task.model",
    ]


@pytest.mark.parametrize(
    ("fact", "value", "text"),
    [
        ("account.balance", 8_500, "8.5"),
        ("account.balance", 8_000, "8"),
        ("task.created", 1_767_225_600_999, "2026-01-01T00:00:00Z"),
        ("task.elapsed", 14_250, "14"),
        ("refusal.window", 60, "60"),
        ("task.results", ["a", "b"], "a, b"),
    ],
)
def test_a_fact_in_a_text_is_written_for_people(fact: str, value: object, text: str) -> None:
    """Money, moments and spans stand in a sentence in units that people use."""
    assert compile_text(f"{{${fact}}}")({fact: value}) == text


def test_what_is_filled_in_is_not_read_again() -> None:
    """A fact that looks like an expression stays a text."""
    assert compile_text("{$refusal.field}")({"refusal.field": "{$task.id}"}) == "{$task.id}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$response.body#/data/task_id", ("response.body", ("data", "task_id"))),
        ("{$request.body#/callBackUrl}", ("request.body", ("callBackUrl",))),
        ("$request.body#/a~1b/~0c", ("request.body", ("a/b", "~c"))),
        ("$request.header.X-Request-ID", ("request.header", ("X-Request-ID",))),
        ("$request.query.id", ("request.query", ("id",))),
    ],
)
def test_a_runtime_expression_says_where_to_look(
    expression: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    """Bodies are looked into by pointer, headers, queries and paths by name."""
    assert expected == parse_source(expression)


@pytest.mark.parametrize(
    "text", ["", "$url", "request.body#/a", "$request.body", "$response.body#a"]
)
def test_anything_else_is_no_runtime_expression(text: str) -> None:
    """What OpenAPI does not know is refused with the text itself."""
    with pytest.raises(ValueError, match="is not a runtime expression"):
        parse_source(text)
