"""Whatever a provider sends, the client ends with a result or with one of its own errors."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagejobs import ImageError, Unreadable, hints, webhook
from imagejobs.dialects import DIALECTS
from imagejobs.fetch import check_address, read_file
from imagejobs.verdict import judge
from imagejobs.wire import Reply

FIELDS = [
    *["state", "status", "taskId", "task_id", "resultJson", "response", "param", "request"],
    *["failCode", "failMsg", "costTime", "createTime", "completeTime", "creditsConsumed"],
    *["created_at", "error_message", "consumed_credits", "input", "prompt", "resultUrls"],
    *["code", "msg", "message", "data", "retryAfter"],
]
WORDS = ["success", "SUCCESS", "fail", "1", "-1", "200", "", "[]", '{"a":1}', "https://x.test/a"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(WORDS)
    | st.integers(10**300, 10**310)
)


def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, objects with known fields, and either in a string."""
    objects = st.dictionaries(st.sampled_from(FIELDS), inner, max_size=8)
    return st.lists(inner, max_size=3) | objects | objects.map(json.dumps)


values = st.recursive(scalars, nest, max_leaves=12)
bodies = st.binary(max_size=40) | values.map(lambda value: json.dumps(value).encode())


@given(st.sampled_from(sorted(DIALECTS)), values)
def test_any_data_is_a_task_or_refused(name: str, data: Any) -> None:
    """A dialect reads any JSON as a task, or says with ValueError that it is none."""
    try:
        task = DIALECTS[name].read_task(data, "t")
    except ValueError:
        return

    assert task.id
    assert all(isinstance(url, str) for url in task.results)


@given(st.integers(100, 599), st.dictionaries(st.just("retry-after"), st.text()), bodies)
def test_any_reply_is_read_or_refused(status: int, headers: dict[str, str], body: bytes) -> None:
    """Any status, header and body is an envelope of a success, or an error of ours."""
    try:
        envelope = judge(Reply(status, headers, body), "kie", 0)
    except ImageError as error:
        assert str(error)  # noqa: PT017 - success is as good
    else:
        assert envelope.code // 100 == 2


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,12} Jan [0-9]{1,20} 00:00:00 GMT"))
def test_any_header_is_a_hint_or_none(text: str) -> None:
    """No Retry-After, however odd, is more than a number of seconds."""
    hint = hints.read_header_hint(text, 0)

    assert hint is None or hint >= 0


@given(bodies)
def test_any_callback_is_read_or_refused(body: bytes) -> None:
    """A callback is a task, or Unreadable."""
    try:
        assert webhook.read("kie", body).id
    except Unreadable as error:
        assert "poll" in str(error)  # noqa: PT017 - success is as good


@given(st.text() | st.text().map(lambda text: f"https://{text}"))
def test_any_address_is_allowed_or_refused(url: str) -> None:
    """Checking an address ends with silence or an error of ours."""
    try:
        check_address(url, None, "https://api.kie.ai")
    except ImageError as error:
        assert url[:200] in str(error)  # noqa: PT017 - success is as good


@given(
    st.binary().map(lambda content: b"<" + content),
    st.dictionaries(st.just("content-length"), st.text()),
)
def test_chance_bytes_are_no_image(content: bytes, headers: dict[str, str]) -> None:
    """Bytes without an image's start are refused."""
    with pytest.raises(ImageError):
        read_file(Reply(200, headers, content), "https://x.test/")
