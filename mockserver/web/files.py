"""Files: results, drawn when first fetched and kept while there is room; and uploads."""

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson

from mockserver.engine.accounts.journal import Entry, hide_keys, measure_head
from mockserver.engine.call import Reply
from mockserver.engine.engine import Engine
from mockserver.engine.files.address import Address, parse_address
from mockserver.engine.files.results import FileMissing, ResultFile
from mockserver.engine.files.uploads import UploadPlace, parse_place
from mockserver.engine.trouble.fault import FILE
from mockserver.web.asgi import build_error
from mockserver.web.calls import Request

CACHE_BYTES: Final = 64 * 1024 * 1024

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A result file that was drawn."""

    body: bytes
    media_type: str
    tag: str  # its ETag


class Files:
    """Answers requests for result files."""

    def __init__(self, engine: Engine, cache_bytes: int = CACHE_BYTES) -> None:
        self._engine = engine
        self._cache: OrderedDict[ResultFile, Drawn] = OrderedDict()
        self._room = cache_bytes
        self._under_way: dict[ResultFile, asyncio.Future[Drawn]] = {}

    async def answer(self, request: Request) -> Reply:
        """The file at an address, or why there is none."""
        if request.method not in {"GET", "HEAD"}:
            refusal = build_error(405, "result files can only be read")
            refusal.headers = (("allow", "GET, HEAD"),)
            return refusal
        place = parse_place(request.target)
        if place is not None:
            return self._answer_upload(place, request)
        address = parse_address(request.target)
        if address is None:
            return build_error(404, "this is no address of a result file")
        file = self._engine.find_file(address)
        if isinstance(file, FileMissing):
            reply, fault = build_error(404, file.reason), None
        else:
            drawn = self._recall(file) or await self._draw_once(file)
            reply, fault = self._engine.spoil_file(address, send_part(drawn, request))
        self._enter(address, address.task_id, request, reply, fault)
        return reply

    def _answer_upload(self, place: UploadPlace, request: Request) -> Reply:
        upload = self._engine.find_upload(place)
        if isinstance(upload, FileMissing):
            return build_error(404, upload.reason)
        reply = send_part(Drawn(upload.content, upload.media_type, upload.tag), request)
        if "authorization" in request.headers:
            self._enter(place, None, request, reply)
        # It may hold anything, and lies at the address of the control API.
        reply.headers += (
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("x-content-type-options", "nosniff"),
        )
        return reply

    def _enter(
        self,
        place: Address | UploadPlace,
        task_id: str | None,
        request: Request,
        reply: Reply,
        fault: str | None = None,
    ) -> None:
        """Tell of a request for a file, and of a key that has no business there."""
        has_key = "authorization" in request.headers
        account = self._engine.accounts.find_by_id(place.account_id)
        if account is not None:
            account.enter(
                Entry(
                    seq=account.journal.total,
                    at=account.now(),
                    provider=place.provider,
                    operation=FILE,
                    method=request.method,
                    target=request.target,
                    headers=hide_keys(request.headers),
                    request=b"",
                    status=reply.status,
                    reply=describe(reply),
                    condition=None,
                    violations=(),
                    notes=("the API key was sent to the file host",) if has_key else (),
                    scenario=None,
                    task_id=task_id,
                    fault=fault,
                    number=next(account.journal.numbers),
                    extra=measure_head(request.target, request.headers),
                )
            )

    def _recall(self, file: ResultFile) -> Drawn | None:
        drawn = self._cache.get(file)
        if drawn is not None:
            self._cache.move_to_end(file)
        return drawn

    async def _draw_once(self, file: ResultFile) -> Drawn:
        """Draw a file in a thread, unless that is under way already."""
        drawing = self._under_way.get(file)
        if drawing is None:
            loop = asyncio.get_running_loop()
            drawing = self._under_way[file] = loop.run_in_executor(None, draw, file)
            drawing.add_done_callback(lambda done: self._keep(file, done))
        return await asyncio.shield(drawing)

    def _keep(self, file: ResultFile, drawing: asyncio.Future[Drawn]) -> None:
        del self._under_way[file]
        if drawing.cancelled() or drawing.exception() is not None:
            return
        self._cache[file] = drawn = drawing.result()
        self._room -= len(drawn.body)
        while self._room < 0:
            self._room += len(self._cache.popitem(last=False)[1].body)


def describe(reply: Reply) -> bytes:
    """What a journal keeps of a reply: of a file only what tells it from others, as JSON."""
    if reply.status not in {200, 206}:
        return reply.body
    hasher = blake2b(reply.body, digest_size=16)
    size, media_type = len(reply.body), reply.media_type
    return orjson.dumps({"bytes": size, "media_type": media_type, "blake2b": hasher.hexdigest()})


def send_part(drawn: Drawn, request: Request) -> Reply:
    """A file as a request asks for it: whole, one range of it, or not if it is known already."""
    headers: tuple[tuple[str, str], ...] = (
        ("etag", drawn.tag),
        ("cache-control", "no-cache"),
        ("accept-ranges", "bytes"),
    )
    if drawn.tag in request.headers.get("if-none-match", ""):
        return Reply(304, b"", drawn.media_type, headers)
    wanted = request.headers.get("range")
    known = request.headers.get("if-range", drawn.tag)
    match = _RANGE.fullmatch(wanted) if wanted and known == drawn.tag else None
    if match is None or match.group() == "bytes=-" or request.method != "GET":
        return Reply(200, drawn.body, drawn.media_type, headers)
    size = len(drawn.body)
    start, end = _read_range(match, size)
    if start > end:
        return Reply(416, b"", drawn.media_type, (*headers, ("content-range", f"bytes */{size}")))
    part = drawn.body[start : end + 1]
    headers = (*headers, ("content-range", f"bytes {start}-{end}/{size}"))
    return Reply(206, part, drawn.media_type, headers)


def _read_range(match: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte of a range; the first is beyond the last if there is none."""
    first, last = match.groups()
    if not first:  # the last so many
        return (max(0, size - int(last)), size - 1) if int(last) else (size, -1)
    end = min(int(last), size - 1) if last else size - 1
    return (int(first), end)


def draw(file: ResultFile) -> Drawn:
    """Draw a result file."""
    # Pillow is not needed to start.
    from mockserver.media.picture import MEDIA_TYPES, Picture
    from mockserver.media.result import draw_result

    body = draw_result(
        Picture(
            width=file.width,
            height=file.height,
            format=file.format,
            provider=file.provider,
            model=file.model,
            prompt=file.prompt,
            task_id=file.task_id,
            digest=file.digest,
            inputs=file.inputs,
            number=file.number,
            of=file.of,
            seconds=file.seconds,
        )
    )
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    return Drawn(body, MEDIA_TYPES[file.format].content_type, tag)
