"""Result files: drawn when first fetched, kept while there is room, told apart by their tags."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from mockserver.engine.address import Address, parse_address
from mockserver.engine.call import Reply
from mockserver.engine.engine import Engine
from mockserver.engine.files import FileMissing, ResultFile
from mockserver.engine.journal import Entry, hide_keys
from mockserver.web.asgi import build_error
from mockserver.web.provider import Request

CACHE_BYTES: Final = 64 * 1024 * 1024


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
        address = parse_address(request.target)
        if address is None:
            return build_error(404, "this is no address of a result file")
        file = self._engine.find_file(address)
        if isinstance(file, FileMissing):
            return build_error(404, file.reason)
        if "authorization" in request.headers:
            self._note_key(address, request)
        drawn = self._recall(file) or await self._draw_once(file)
        headers = (("etag", drawn.tag), ("cache-control", "no-cache"))
        if drawn.tag in request.headers.get("if-none-match", ""):
            return Reply(304, b"", drawn.media_type, headers)
        return Reply(200, drawn.body, drawn.media_type, headers)

    def _note_key(self, address: Address, request: Request) -> None:
        """Tell that a client sends its key where it has no business."""
        account = self._engine.accounts.find_by_id(address.account_id)
        if account is not None:
            account.enter(
                Entry(
                    seq=account.journal.total,
                    at=account.now(),
                    provider=address.provider,
                    operation=None,
                    method=request.method,
                    target=request.target,
                    headers=hide_keys(request.headers),
                    request=b"",
                    status=200,
                    reply=b"",
                    condition=None,
                    violations=(),
                    notes=("the API key was sent to the file host",),
                    scenario=None,
                    task_id=address.task_id,
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


def draw(file: ResultFile) -> Drawn:
    """Draw a result file."""
    # Pillow is not needed to start.
    from mockserver.media.image import draw_image
    from mockserver.media.picture import MEDIA_TYPES, Picture

    body = draw_image(
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
        )
    )
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    return Drawn(body, MEDIA_TYPES[file.format].content_type, tag)
