"""The difference that people read: every violation is told once, beside what was sent."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.control_client.views import RequestView, ViolationView
from mockserver.plugin.difference import WIDTH, write_difference

NAMES = st.sampled_from(["a", "b/c", "~", "prompt", "0"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
KEYWORDS = st.sampled_from(["enum", "type", "required", "maxLength", "malformed"])


def list_pointers(value: Any, pointer: str = "") -> list[str]:
    """Every place in a value."""
    items: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        items = [(k.replace("~", "~0").replace("/", "~1"), v) for k, v in value.items()]
    elif isinstance(value, list):
        items = [(str(number), inner) for number, inner in enumerate(value)]
    return [pointer, *(p for k, v in items for p in list_pointers(v, f"{pointer}/{k}"))]


@st.composite
def broken_requests(draw: st.DrawFn) -> RequestView:
    """Requests with violations at some of their places, and at places that they do not have."""
    body = draw(VALUES)
    places = st.sampled_from([*list_pointers(body), "/no/such/place"])
    complaints = st.builds(
        ViolationView, pointer=places, keyword=KEYWORDS, field=NAMES, message=st.text(max_size=400)
    )
    return build_request(body, tuple(draw(st.lists(complaints, max_size=4))))


def build_request(body: Any, violations: tuple[ViolationView, ...] = ()) -> RequestView:
    names = RequestView.__dataclass_fields__
    plain = dict.fromkeys(names) | {"notes": ()}
    return RequestView(**plain | {"request": body, "violations": violations})  # type: ignore[arg-type]


@given(broken_requests())
def test_every_violation_is_told_once(request: RequestView) -> None:
    """Whatever was sent and is wrong with it, there is one line of what is expected for each."""
    lines = write_difference(request)

    assert sum(line.startswith("  + ") for line in lines) == len(request.violations)
    assert all(line.isprintable() for line in lines)


@given(VALUES.filter(lambda value: isinstance(value, dict | list) and value))
def test_what_is_right_stands_there_as_it_was_sent(body: Any) -> None:
    """Without violations and long values the lines are the body, as JSON."""
    lines = write_difference(build_request(body))
    text = json.dumps(body, ensure_ascii=False)
    is_shown = len(text) <= WIDTH and text.isprintable() and "    …" not in lines

    assert not is_shown or json.loads("\n".join(lines)) == body


def test_a_long_body_is_folded_around_its_difference() -> None:
    """Of a thousand items only those beside the wrong one are shown."""
    wrong = ViolationView("/500", "type", "body", '"x" is not of type "integer"')

    lines = write_difference(build_request([*range(500), "x", *range(500)], (wrong,)))

    assert len(lines) < 40
    at = lines.index('  -   "x",')
    assert lines[at - 1 : at + 3] == [
        "      499,",
        '  -   "x",',
        '  +   of type "integer"',
        "      0,",
    ]
