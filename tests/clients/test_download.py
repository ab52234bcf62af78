"""Downloads: without the key, from allowed places, whole images, written as a whole."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imagejobs import (
    BadFile,
    Failure,
    GenerationFailed,
    ImageError,
    Misused,
    NotFound,
    Phase,
    Settings,
    Task,
    Unreachable,
    Unreadable,
    disk,
)

MakeClient = Callable[..., Any]
MakeScript = Callable[..., Any]

URL = "https://cdn.example.com/fox.png"
REAL = {"base_url": "https://api.kie.ai"}


def draw(kind: str) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, kind)
    return drawn.getvalue()


PNG = draw("PNG")
KINDS = ["png", "jpeg", "webp", "gif", "avif"]


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_known_by_their_bytes(
    make_client: MakeClient, script: MakeScript, kind: str
) -> None:
    """What a file is does not depend on its header or name."""
    server = script((200, draw(kind), {"content-type": "text/plain"}))

    assert make_client(server, **REAL).download(URL).media_type == f"image/{kind}"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"GIF", b"RIFF....WAVE", b"\x00\x00\x00\x20ftypmp42"]
)
def test_what_is_no_image_is_refused(
    make_client: MakeClient, script: MakeScript, body: bytes, tmp_path: Path
) -> None:
    """A page or another kind of file is no result, even with HTTP 200 and an image's type."""
    server = script((200, body, {"content-type": "image/png"}))

    with pytest.raises(BadFile, match="no image"):
        make_client(server, **REAL).download(URL, tmp_path / "fox.png")

    assert list(tmp_path.iterdir()) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_a_file_that_is_cut_off_is_fetched_again(
    make_client: MakeClient, script: MakeScript, kind: str
) -> None:
    """Half an image is trouble that may pass."""
    whole = draw(kind)
    server = script((200, whole[:-9]), (200, whole))

    assert make_client(server, **REAL).download(URL).content == whole


def test_fewer_bytes_than_announced_are_too_few(
    make_client: MakeClient, script: MakeScript
) -> None:
    """The announced length counts, also where the image's own end cannot be seen."""
    server = script((200, draw("GIF"), {"content-length": "9999"}))

    with pytest.raises(BadFile, match="announced"):
        make_client(server, **REAL).download(URL)


@pytest.mark.parametrize("step", ["ReadTimeout", "ConnectError", (503, b""), (429, b"")])
def test_a_download_is_tried_again(make_client: MakeClient, script: MakeScript, step: Any) -> None:
    """Downloads are free, so trouble that passes is sat out."""
    assert make_client(script(step, (200, PNG)), **REAL).download(URL).content == PNG


TROUBLES: list[tuple[Any, type[ImageError]]] = [
    ((404, b""), NotFound),
    ((410, b""), NotFound),
    ((204, b""), BadFile),
    ("ReadError", Unreachable),
]


@pytest.mark.parametrize(("step", "error"), TROUBLES)
def test_a_download_that_cannot_be_had_is_told(
    make_client: MakeClient, script: MakeScript, time: Any, step: Any, error: type[ImageError]
) -> None:
    """A file that is gone, or never comes, ends in its own error and in time."""
    with pytest.raises(error):
        make_client(script(step), **REAL).download(URL, timeout=60)

    assert sum(time.pauses) <= 60


def test_a_file_may_not_be_larger_than_allowed(
    make_client: MakeClient, script: MakeScript, world: Any
) -> None:
    """Reading stops at the limit, whatever the header says."""
    settings = Settings(max_bytes=len(PNG) - 1, world=world)

    with pytest.raises(BadFile, match="larger"):
        make_client(script((200, PNG)), settings=settings, **REAL).download(URL)


@pytest.mark.parametrize("provider", ["kie", "aigptimage", "gptimage15", "gptimage15-v2"])
def test_the_key_is_not_sent_to_the_file_host(
    make_client: MakeClient, script: MakeScript, provider: str
) -> None:
    """A file host, and whomever it redirects to, never sees the key."""
    server = script((302, b"", {"location": "https://mirror.example.com/x"}), (200, PNG))

    make_client(server, provider, api_key="sk-secret", **REAL).download(URL)

    assert [request.url.host for request in server.requests] == [
        "cdn.example.com",
        "mirror.example.com",
    ]
    assert not [r for r in server.requests if "sk-secret" in f"{r.url} {r.headers.raw}"]


def test_the_key_does_not_follow_a_redirect(make_client: MakeClient, script: MakeScript) -> None:
    """A call with the key that is redirected ends there."""
    server = script((307, b"", {"location": "https://elsewhere.example.com/"}))

    with pytest.raises(Misused, match="elsewhere"):
        make_client(server, **REAL).inspect("t")

    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["/other.png", "https://b.example.com/x", "//c.example.com/y"])
def test_a_download_follows_redirects(
    make_client: MakeClient, script: MakeScript, location: str
) -> None:
    """Files move between public hosts."""
    server = script((301, b"", {"location": location}), (200, PNG))

    assert make_client(server, **REAL).download(URL).content == PNG


def test_redirects_end(make_client: MakeClient, script: MakeScript) -> None:
    """A ring of redirects is left after a few."""
    server = script((302, b"", {"location": URL}))

    with pytest.raises(BadFile, match="redirects more than"):
        make_client(server, **REAL).download(URL)

    assert len(server.requests) == 6


FORBIDDEN = [
    "http://127.0.0.1/x",
    "http://localhost:8787/x",
    "http://[::1]/x",
    "http://10.0.0.8/x",
    "http://169.254.169.254/latest/meta-data",
    "http://192.168.1.1/x",
    "http://2130706433/x",
    "http://127.1/x",
    "http://0x7f000001/x",
    "http://[::ffff:127.0.0.1]/x",
    "http://printer.local/x",
    "http://localhost./x",
    "ftp://example.com/x",
    "file:///etc/passwd",
    "https://user:word@example.com/x",
    "https:///x",
    "https://example.com:port/x",
    "http://[/x",
    "not an address",
    "https://example.com/\ud800",
    "https://example.com/a\nb",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_addresses_inside_are_refused(
    make_client: MakeClient, script: MakeScript, url: str
) -> None:
    """Nobody can send the client into this machine, as a result or by a redirect."""
    server = script((302, b"", {"location": url}))
    client = make_client(server, **REAL)

    with pytest.raises(BadFile):
        client.download(url)

    assert server.requests == []


@pytest.mark.parametrize("url", [*FORBIDDEN[:12], "http://cdn.example.com/x", "http://["])
def test_redirects_inside_or_into_the_open_are_refused(
    make_client: MakeClient, script: MakeScript, url: str
) -> None:
    """A redirect is judged like an address, and may not leave https."""
    server = script((302, b"", {"location": url}), (200, PNG))

    with pytest.raises(BadFile):
        make_client(server, **REAL).download(URL)

    assert len(server.requests) == 1


def test_an_emulator_may_serve_files_from_this_machine(
    make_client: MakeClient, script: MakeScript
) -> None:
    """If the API itself is here, so are its files."""
    client = make_client(script((200, PNG)), base_url="http://localhost:9000")

    assert client.download("http://127.0.0.1:9001/fox.png").content == PNG


def test_results_are_chosen_by_index(make_client: MakeClient, script: MakeScript) -> None:
    """A task may have several results."""
    server = script((200, PNG))
    task = Task("kie", "t", results=(URL, "https://cdn.example.com/two.png"))

    make_client(server, **REAL).download(task, index=1)

    assert server.requests[0].url.path == "/two.png"


@pytest.mark.parametrize("index", [-1, 0])
def test_a_result_that_is_not_there_is_named(
    make_client: MakeClient, script: MakeScript, index: int
) -> None:
    """A task without results has nothing to download."""
    with pytest.raises(Misused, match="no result"):
        make_client(script((200, PNG)), **REAL).download(Task("kie", "t"), index=index)


NOTHING: list[tuple[Task, type[ImageError], str]] = [
    (Task("kie", "t", Phase.SUCCEEDED), Unreadable, "t succeeded without a result"),
    (Task("kie", "t", Phase.FAILED, failure=Failure("400", "not this")), GenerationFailed, "400"),
    (Task("kie", "t", Phase.SUCCEEDED, results=(URL,)), Misused, "1 results"),
]


@pytest.mark.parametrize(("task", "error", "words"), NOTHING)
def test_why_there_is_nothing_to_download_is_said(
    make_client: MakeClient, script: MakeScript, task: Task, error: type[ImageError], words: str
) -> None:
    """An end without a result is the provider's doing, an index too high the caller's."""
    server = script((200, PNG))

    with pytest.raises(error, match=words):
        make_client(server, **REAL).download(task, index=1)

    assert server.requests == []


def test_a_file_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure while writing leaves the old file and no rest."""
    target = tmp_path / "fox.png"
    target.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="disk full"):
        disk.write_atomically(target, b"new")

    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    """What was there before makes way."""
    target = tmp_path / ("f" * 200 + ".png")
    target.write_bytes(b"old")

    disk.write_atomically(target, b"new")

    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]
