"""Recorded result files, served from the recording."""

import asyncio
from hashlib import blake2b
from urllib.parse import urlsplit

from mockserver.engine.call import Reply
from mockserver.errors import RecordingError
from mockserver.record.exchange import Exchange
from mockserver.record.har import read_place
from mockserver.record.replay.address import find_address
from mockserver.record.replay.tape import Tape
from mockserver.web.asgi import build_error
from mockserver.web.calls import Request
from mockserver.web.files import Drawn, send_part
from mockserver.web.replayer.wire import choose_media_type

# A recorded file may hold anything, and lies at the address of the control API.
_CAGED = (
    ("content-security-policy", "sandbox; default-src 'none'"),
    ("x-content-type-options", "nosniff"),
)


class ReplayedFiles:
    """Answers requests below `address.PREFIX`."""

    def __init__(self, tape: Tape, *, draws: bool) -> None:
        self._tape = tape
        self._draws = draws  # whether a file that was not recorded is drawn

    async def answer(self, request: Request) -> Reply:
        """The file at an address, or why there is none."""
        if request.method not in {"GET", "HEAD"}:
            refusal = build_error(405, "recorded files can only be read")
            refusal.headers = (("allow", "GET, HEAD"),)
            return refusal
        url = find_address(self._tape, request.path)
        if url is None:
            return build_error(404, "this is no address of a recorded file")
        try:
            reply = await asyncio.to_thread(self._find, url, request)
        except RecordingError as error:
            return build_error(500, str(error), "the recording was changed while it is replayed")
        reply.headers += _CAGED
        return reply

    def _find(self, url: str, request: Request) -> Reply:
        frame = self._tape.find_file(url)
        if frame is not None:
            return _send(read_place(frame.place), request)
        if self._draws:
            return send_part(draw_stand_in(url), request)
        return build_error(
            404,
            f"the recording names the file {url.partition('?')[0]}, but does not hold it",
            "mockserver record fetches files; --fallback emulate draws one in its place",
        )


def draw_stand_in(url: str) -> Drawn:
    """A file of the kind that an address promises, a PNG if it promises nothing."""
    # Pillow is not needed to start.
    from mockserver.media.picture import MEDIA_TYPES, Picture
    from mockserver.media.result import draw_result

    name = urlsplit(url).path.rpartition("/")[2]
    extension = name.rpartition(".")[2].lower()
    known = {kind.extension: format_ for format_, kind in MEDIA_TYPES.items()}
    format_ = known.get(extension, "png")
    digest = blake2b(url.encode(), digest_size=16).hexdigest()
    picture = Picture(
        width=512,
        height=512,
        format=format_,
        provider="replay",
        model="not recorded",
        prompt=name,
        task_id="",
        digest=digest,
        seconds=1.0 if format_ in ("mp4", "mp3", "wav") else None,
    )
    return Drawn(draw_result(picture), MEDIA_TYPES[format_].content_type, f'"{digest}"')


def _send(exchange: Exchange, request: Request) -> Reply:
    told = exchange.find_response_header("content-type")
    media = choose_media_type(told, "application/octet-stream")
    body = exchange.response_body
    if exchange.status == 200:
        tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        return send_part(Drawn(body, media, tag), request)
    return Reply(exchange.status or 502, body, media)
