"""HAR files: what is written is read again, whole after each exchange, from whoever wrote it."""

import base64
import gzip
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import RecordingError
from mockserver.record.blobs import INLINE
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import HarWriter, read_har, read_place, read_places, write_har
from mockserver.record.recognise import recognise
from mockserver.record.redact import Redactor

CALL = Exchange(
    started=1_767_225_600_123,
    elapsed=45,
    method="POST",
    url="https://api.example.test/v1/tasks?a=1&b=%20c",
    request_headers=(("Content-Type", "application/json"), ("X-Twice", "1"), ("X-Twice", "2")),
    request_body=b'{"prompt": "caf\xc3\xa9"}',
    status=200,
    response_headers=(("content-type", "application/json"),),
    response_body=b'{"id":"t1"}',
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.none() | st.text("abc-_0", min_size=1, max_size=8)
headers = st.lists(st.tuples(st.text("abcX-", min_size=1, max_size=8), texts), max_size=3)
exchanges = st.builds(
    Exchange,
    started=st.integers(0, 4_102_444_800_000),
    elapsed=st.integers(0, 10**9),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    url=texts.map(lambda text: f"https://x.test/{text}"),
    request_headers=headers.map(tuple),
    request_body=st.binary(max_size=40),
    status=st.none() | st.integers(200, 599),
    response_headers=headers.map(tuple),
    response_body=st.binary(max_size=40) | texts.map(str.encode),
    error=words,
    provider=words,
    operation=words,
    role=words,
    task_id=words,
    kind=st.sampled_from(Kind),
    notes=st.lists(texts, max_size=2).map(tuple),
)


@given(told=st.lists(exchanges, max_size=5), size=st.sampled_from([1, 7, 100_000]))
def test_a_place_leads_back(
    tmp_path_factory: pytest.TempPathFactory, told: list[Exchange], size: int
) -> None:
    """Every exchange is found again at the place where it was read, however the file is read."""
    path = tmp_path_factory.mktemp("places") / "x.har"
    write_har(path, told)

    with patch("mockserver.record.stream.CHUNK", size):
        found = list(read_places(path))

    assert [exchange for _, exchange in found] == list(read_har(path))
    assert [read_place(place) for place, _ in reversed(found)] == [e for _, e in reversed(found)]
    assert [place.number for place, _ in found] == list(range(len(told)))


@given(st.lists(exchanges, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, made: list[Exchange]
) -> None:
    """Every exchange comes back as it was, and the file is JSON for everybody else."""
    path = tmp_path_factory.getbasetemp() / "any.har"
    write_har(path, made)

    assert list(read_har(path)) == made
    assert len(json.loads(path.read_bytes())["log"]["entries"]) == len(made)


def test_the_file_is_whole_after_each_exchange(tmp_path: Path) -> None:
    """Whoever is interrupted has a HAR file with all that was recorded until then."""
    path = tmp_path / "x.har"
    with HarWriter(path) as writer:
        for count in range(4):
            assert len(list(read_har(path))) == count
            assert len(json.loads(path.read_bytes())["log"]["entries"]) == count
            writer.add(replace(CALL, task_id=f"t{count}"))

    assert [exchange.task_id for exchange in read_har(path)] == ["t0", "t1", "t2", "t3"]


def test_a_recording_goes_on_where_it_ended(tmp_path: Path) -> None:
    """With `append` the new exchanges stand behind the old ones; so they do in an empty file."""
    path = tmp_path / "x.har"
    for name in ("", "a", "b"):
        with HarWriter(path, append=True) as writer:
            if name:
                writer.add(replace(CALL, task_id=name))

    assert [exchange.task_id for exchange in read_har(path)] == ["a", "b"]


def test_a_file_of_others_is_not_gone_on_with(tmp_path: Path) -> None:
    """What another recorder wrote is left alone, with one clear error."""
    path = tmp_path / "x.har"
    text = json.dumps({"log": {"entries": []}})
    path.write_text(text, encoding="utf-8")

    with pytest.raises(RecordingError, match="another file"):
        HarWriter(path, append=True)
    assert path.read_text(encoding="utf-8") == text


def test_large_bodies_lie_beside_the_file(tmp_path: Path) -> None:
    """A body above the limit is in one side file, named by its hash, however often it came."""
    large = replace(CALL, response_body=bytes(range(256)) * (INLINE // 256 + 1), kind=Kind.FILE)
    path = tmp_path / "x.har"
    write_har(path, [large, CALL, large])
    (blob,) = (tmp_path / "x.har.d").iterdir()

    found = list(read_har(path))
    assert [exchange.response_body for exchange in found[::2]] == [large.response_body] * 2
    assert found[0].blob == blob
    left = next(read_har(path, with_blobs=False))
    assert (left.response_body, left.blob) == (b"", blob)
    assert path.stat().st_size < 10_000


def test_inline_keeps_everything_in_one_file(tmp_path: Path) -> None:
    """With `inline` no side file is made."""
    large = replace(CALL, response_body=bytes(INLINE + 1))
    write_har(tmp_path / "x.har", [large], inline=True)

    assert [file.name for file in tmp_path.iterdir()] == ["x.har"]
    assert list(read_har(tmp_path / "x.har")) == [large]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda blob: blob.unlink(), "missing"),
        (lambda blob: blob.write_bytes(b"other"), "changed"),
    ],
)
def test_a_side_file_is_checked(tmp_path: Path, change: Any, words: str) -> None:
    """A body that is gone, or is another one, is an error that names the entry."""
    write_har(tmp_path / "x.har", [CALL, replace(CALL, response_body=bytes(INLINE + 1))])
    (blob,) = (tmp_path / "x.har.d").iterdir()
    change(blob)

    with pytest.raises(RecordingError, match=f"entry 1: .*{words}"):
        list(read_har(tmp_path / "x.har"))


def write(path: Path, *entries: object, **log: object) -> Path:
    """A HAR file as somebody else may have written it."""
    text = json.dumps({"log": {**log, "version": "1.2", "entries": entries}}, indent=1)
    path.write_text(text, encoding="utf-8")
    return path


PLAIN = {
    "startedDateTime": "2026-04-22T12:56:06.707Z",
    "time": 441.5,
    "request": {"method": "get", "url": "https://api.example.test/x"},
    "response": {"status": 200, "content": {"text": '{"a":1}', "mimeType": "application/json"}},
}
PACKED = base64.b64encode(gzip.compress(b'{"a":1}')).decode()


def content(**given: object) -> dict[str, object]:
    """An entry with such a response."""
    head = [{"name": "Content-Encoding", "value": "gzip"}]
    return {**PLAIN, "response": {"status": 200, "headers": head, "content": given}}


BODIES = {
    "text": (PLAIN, b'{"a":1}'),
    "text, although it came packed": (content(text='{"a":1}'), b'{"a":1}'),
    "base64": (content(text="eyJhIjoxfQ==", encoding="base64"), b'{"a":1}'),
    "chunks of gzip": (content(text=json.dumps([PACKED]), encoding="base64"), b'{"a":1}'),
    "packed": (content(text=PACKED, encoding="base64"), b'{"a":1}'),
    "none": ({**PLAIN, "response": {"status": 204}}, b""),
    "no response": ({key: PLAIN[key] for key in ("startedDateTime", "request")}, b""),
    "size only": (content(size=100), b""),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_of_other_recorders(tmp_path: Path, name: str) -> None:
    """Text, base64, Polly.js's lists of packed chunks and left-out bodies are all understood."""
    entry, body = BODIES[name]
    (found,) = read_har(write(tmp_path / "x.har", entry, creator={"name": "Polly.JS"}))

    assert found.response_body == body
    assert (found.method, found.kind, found.task_id) == ("GET", Kind.CALL, None)


def test_foreign_underscore_fields_are_harmless(tmp_path: Path) -> None:
    """Another recorder's own fields, of whatever type, change nothing but an error's name."""
    odd = {"_id": "5", "_order": 0, "_lane": 7, "_role": ["x"], "_kind": {}, "_notes": "no"}
    (found,) = read_har(write(tmp_path / "x.har", {**PLAIN, **odd}))
    assert (found.task_id, found.role, found.notes, found.error) == (None, None, (), None)

    failed = {**PLAIN, "response": {"status": 0, "_error": ""}, "_error": "net::ERR_FAILED"}
    (found,) = read_har(write(tmp_path / "x.har", failed))
    assert (found.status, found.error) == (None, "net::ERR_FAILED")


@pytest.mark.parametrize(
    ("status", "error"), [(0, "net::ERR_FAILED"), (-5, "net::ERR_FAILED"), (405, None)]
)
def test_an_error_may_stand_in_the_response(tmp_path: Path, status: int, error: str | None) -> None:
    """Browsers and mitmproxy name it there; what is a remark on a whole answer is no error."""
    failed = {**PLAIN, "response": {"status": status, "_error": "net::ERR_FAILED"}}
    (found,) = read_har(write(tmp_path / "x.har", failed))

    assert found.error == error


@pytest.mark.parametrize("status", [0, -5, 1, 101, 600, 99_999, 1e300, "200", None])
def test_what_is_no_status_is_no_answer(tmp_path: Path, status: object) -> None:
    """Only what a server can send as the end of an answer is replayed and judged."""
    (found,) = read_har(write(tmp_path / "x.har", {**PLAIN, "response": {"status": status}}))

    assert found.status is None


BROKEN = {
    "no JSON": ("hello", "this is no HAR"),
    "an array": ("[]", "this is no HAR"),
    "cut": (json.dumps({"log": {"entries": [PLAIN, PLAIN]}})[:-60], "after 1 complete"),
    "no url": (json.dumps({"log": {"entries": [{"request": {}}]}}), "entry 0: .* no url"),
    "no object": (json.dumps({"log": {"entries": [{**PLAIN, "request": 5}]}}), "entry 0"),
    "no time": (json.dumps({"log": {"entries": [{**PLAIN, "startedDateTime": "x"}]}}), "no time"),
    "no base64": (
        json.dumps({"log": {"entries": [content(text="a", encoding="base64")]}}),
        "no base64",
    ),
    "a blob of another folder": (
        json.dumps({"log": {"entries": [content(_blob="../../secret")]}}),
        "which is no sha256",
    ),
    "entry that is no JSON": ('{"log": {"entries": [{"a": nope}]}}', "entry 0"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_get_one_error(tmp_path: Path, name: str) -> None:
    """What is no HAR says which entry is wrong and why; nothing else is raised."""
    text, words = BROKEN[name]
    path = tmp_path / "x.har"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(RecordingError, match=words):
        list(read_har(path))


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
NAMES = [
    *("request", "response", "content", "postData", "headers", "startedDateTime", "time", "url"),
    *("method", "status", "text", "encoding", "_error", "_kind", "_notes", "_blob", "_lane"),
]


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), values, st.data())
def test_no_entry_brings_the_reader_down(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], value: Any, data: st.DataObject
) -> None:
    """Whatever stands in an entry, it is an exchange that can be kept again, or a clear error."""
    entry = json.loads(json.dumps(data.draw(st.sampled_from([PLAIN, BODIES["packed"][0]]))))
    node = entry
    for name in names[:-1]:
        node = node[name] if isinstance(node.get(name), dict) else node
    node[names[-1]] = value
    path = tmp_path_factory.getbasetemp() / "odd.har"
    try:
        found = list(read_har(write(path, entry)))
    except RecordingError:
        return
    write_har(path, [recognise(Redactor().redact(exchange), ()) for exchange in found])
    assert len(list(read_har(path))) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path without a file is an error that names it."""
    with pytest.raises(RecordingError, match=r"gone\.har"):
        list(read_har(tmp_path / "gone.har"))


@pytest.mark.skipif(not shutil.which("mitmdump"), reason="mitmproxy is not installed")
def test_mitmproxy_reads_it(tmp_path: Path) -> None:
    """Mitmproxy finds the same exchanges in the file: methods, addresses, statuses, bodies."""
    image = replace(CALL, response_headers=(("content-type", "image/png"),), method="GET")
    made = [CALL, replace(image, response_body=b"\x89PNG\0\xff"), replace(CALL, request_body=b"")]
    write_har(tmp_path / "x.har", made)
    script = tmp_path / "show.py"
    script.write_text(
        "def response(flow):\n"
        "    r, a = flow.request, flow.response\n"
        "    print(r.method, r.url, a.status_code, (r.content or b'').hex(), a.content.hex())\n",
        encoding="utf-8",
    )
    command = ["mitmdump", "-q", "-n", "-s", str(script), "-r", str(tmp_path / "x.har")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [
        f"{e.method} {e.url} {e.status} {e.request_body.hex()} {e.response_body.hex()}"
        for e in made
    ]
