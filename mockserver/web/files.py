"""Result files: drawn when first fetched, kept while there is room, told from each other by tags."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

from mockserver.engine.call import Reply
from mockserver.engine.engine import Engine, FileMissing, ResultFile
from mockserver.web.asgi import build_error
from mockserver.web.provider import NOTHING, Request, parse_query, read_key

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
            refusal = build_error(405, "result files are only read")
            refusal.headers = (("allow", "GET, HEAD"),)
            return refusal
        file = self._find(request)
        if isinstance(file, FileMissing):
            return build_error(404, file.reason)
        drawn = await self._get(file)
        headers = (("etag", drawn.tag), ("cache-control", "no-cache"))
        if _knows(request.headers.get("if-none-match", ""), drawn.tag):
            return Reply(304, b"", drawn.media_type, headers)
        return Reply(200, drawn.body, drawn.media_type, headers)
