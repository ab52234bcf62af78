"""Downloads: what is saved is what was sent, or else the client says that it is not."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, Final

from mockserver.conformance.case import MUST, PROMPT, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence, Run
from mockserver.conformance.feature import Ability
from mockserver.conformance.sight import count_between, list_proof, see_failure, see_success
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract
from mockserver.errors import MediaError
from mockserver.media.decode import decode

POLLS: Final = {"polls": 2}
OTHER: Final = "a blue boat on a lake"
_FILES: Final = [Ability.DOWNLOAD]
_STARTS: Final = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")


def _spoil(name: str, **words: Any) -> dict[str, Any]:
    return {"pace": POLLS, "faults": [{"fault": name, "operation": "file", **words}]}


@case(
    "POL-24",
    "gives everybody the image that they asked for",
    MUST,
    "correlation",
    asks=_FILES,
    setting=Setting({"pace": {"polls": 3}}, prompts=(PROMPT, OTHER)),
)
def keep_images_apart(evidence: Evidence) -> Iterator[Finding]:
    """Two tasks run at the same time. Each image shows what its own prompt said."""
    for run in evidence.runs:
        shown = [prompt for prompt in map(_read_prompt, _list_images(run)) if prompt is not None]
        if shown:
            expected = f"an image of {run.prompt!r}"
            yield Finding(set(shown) == {run.prompt}, expected, "; ".join(shown))
    yield from see_success(evidence)


@case(
    "DWN-01",
    "does not take half an answer for a file",
    MUST,
    "RFC 9112 8",
    asks=_FILES,
    setting=Setting(_spoil("cut-body", count=1)),
)
def refuse_half_a_file(evidence: Evidence) -> Iterator[Finding]:
    """The first answer breaks off in the middle of the image. It is fetched again, or an error.

    That it broke off can be seen without a look at the image: it is shorter than announced.
    """
    yield from _see_files(evidence)


@case(
    "DWN-02",
    "says that a file is gone",
    MUST,
    "false success",
    asks=_FILES,
    setting=Setting(_spoil("expired-link")),
)
def miss_a_file(evidence: Evidence) -> Iterator[Finding]:
    """The address of the result is no longer good. An error, and no reason to order again."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield from see_failure(evidence)


def _send_none(_: Contract) -> dict[str, Setting]:
    return {
        "page": Setting(_spoil("html-page", status=200)),
        "empty": Setting(_spoil("wrong-file-type", holds="empty")),
    }


@case(
    "DWN-03",
    "takes nothing for an image that is none",
    MUST,
    "false success",
    asks=_FILES,
    setting=_send_none,
)
def recognise_a_page(evidence: Evidence) -> Iterator[Finding]:
    """A page of HTML comes instead of the image, or nothing at all. Nobody wants it as fox.png.

    The answer itself says so: by its type, or by its length.
    """
    yield from see_failure(evidence)


def _spoil_inside(_: Contract) -> dict[str, Setting]:
    return {
        "disguised": Setting(_spoil("wrong-file-type", holds="html")),
        "short": Setting(_spoil("truncated-file", count=1)),
    }


@case(
    "DWN-09",
    "looks into a file before it calls it an image",
    SHOULD,
    "false success",
    asks=_FILES,
    setting=_spoil_inside,
)
def look_inside(evidence: Evidence) -> Iterator[Finding]:
    """The answer is whole and says that it is an image. It holds half of one, or a page of HTML.

    Only who reads the file can know, so this is no duty. It is fetched again, or an error.
    """
    yield from _see_files(evidence)


@case(
    "DWN-04",
    "saves what was sent, byte for byte",
    MUST,
    "exactness",
    asks=_FILES,
    pace=POLLS,
)
def save_every_byte(evidence: Evidence) -> Iterator[Finding]:
    """An image is no text. Whatever is changed on its way to the disk breaks it."""
    yield from _see_files(evidence)
    yield from see_success(evidence)


@case(
    "DWN-08",
    "fetches a file again when its host has an error",
    SHOULD,
    "RFC 9110 9.2.2",
    asks=_FILES,
    setting=Setting(_spoil("html-page", status=503, count=1)),
)
def fetch_again(evidence: Evidence) -> Iterator[Finding]:
    """The image is paid for and lies there. One 503 is no reason to leave it."""
    yield from see_success(evidence)
    yield count_between("downloads", evidence.downloads, 2)


def _see_files(evidence: Evidence) -> Iterator[Finding]:
    """Every image that a run leaves, and says to be well, is one that was sent whole."""
    whole = {
        each.reply.get("blake2b")
        for each in evidence.downloads
        if each.status == 200 and each.fault is None and isinstance(each.reply, dict)
    }
    proof = list_proof(evidence.downloads)
    for run in evidence.runs:
        if not run.succeeded or not evidence.downloads:
            continue
        saved = [blake2b(content, digest_size=16).hexdigest() for content in _list_images(run)]
        holds = bool(saved) and whole.issuperset(saved)
        right = len(whole.intersection(saved))
        seen = f"{len(saved)} images saved, {right} of them as sent"
        yield Finding(holds, "the image is saved as it was sent", seen, proof)
    if any(run.failed for run in evidence.runs):
        yield Finding(True, "an error, or the image as it was sent", "an error", proof)


def _list_images(run: Run) -> list[bytes]:
    """The images that a run has left, or those of them that it speaks of."""
    named = run.said.get("files")
    spoken = None
    if isinstance(named, list) and named:
        spoken = {PurePath(name).name for name in named if isinstance(name, str)}
    return [
        content
        for name, content in run.files.items()
        if content.startswith(_STARTS) and (spoken is None or PurePath(name).name in spoken)
    ]


def _read_prompt(content: bytes) -> str | None:
    """The prompt of which an image was made; None if it is none of ours."""
    try:
        found = decode(content).metadata
    except MediaError:
        return None
    return None if found is None else found.prompt
