"""Calls that lend a file: read within the contract's bounds, and within the room for all."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from mockserver.contract.model import Operation
from mockserver.engine.call import Attachment, Call, Malformed
from mockserver.engine.engine import Engine
from mockserver.engine.files.upload import FORM
from mockserver.engine.files.uploads import PREFIX
from mockserver.web.asgi import MAX_WASTE, TOO_LARGE, Receive, is_hopeless, read_body
from mockserver.web.callbacks.targets import Targets
from mockserver.web.calls import Request, read_call
from mockserver.web.files import Files
from mockserver.web.routes import Route
from mockserver.web.sizes import AROUND, measure_body
from mockserver.web.uploads.room import Room


class Uploader:
    """Makes calls of the requests that lend a file."""

    def __init__(
        self, engine: Engine, targets: Targets, files: Files, files_origin: str | None
    ) -> None:
        self._engine = engine
        self._files_origin = files_origin  # where clients are sent for files, if not back
        self._targets = targets
        self._files = files
        self._room = Room()

    async def read(
        self, route: Route, request: Request, receive: Receive, path: Mapping[str, str]
    ) -> Call | None:
        """The call with its file, or why there is none; None if the client left."""
        if self._files_origin is not None:
            request.origin = self._files_origin
        async with self._room.open(receive) as receive_in_turn:
            call = await self._read_call(route, request, receive_in_turn, path)
        if call is not None and call.attachment is None:
            source = self._engine.find_errand(call)
            if source is not None:
                call.attachment = await self._fetch(source, request, route.operation)
        return call

    async def _read_call(
        self, route: Route, request: Request, receive: Receive, path: Mapping[str, str]
    ) -> Call | None:
        body = route.operation.body
        if body is not None and FORM in body.media_types:
            return await self._read_form(route, request, receive, path)
        most = measure_body(route.operation)
        found = await read_body(receive, request.headers, most)
        if found is None:
            return None
        request.body = (
            Malformed(f"the body is larger than {most} bytes", 413) if found is TOO_LARGE else found
        )
        return read_call(route, request, path)

    async def _read_form(
        self, route: Route, request: Request, receive: Receive, path: Mapping[str, str]
    ) -> Call | None:
        # The parser is not needed to start.
        from mockserver.web.uploads.form import MultipartForm, find_boundary, read_form

        terms = route.operation.upload
        assert terms is not None  # noqa: S101  # it would not come here
        boundary = find_boundary(request.headers.get("content-type", ""))
        most = terms.max_bytes + AROUND
        form = MultipartForm(boundary or b"none", terms.max_bytes)
        value: Malformed | Mapping[str, str] | None
        if boundary is None:
            value = Malformed("send a form: Content-Type multipart/form-data with a boundary")
        elif is_hopeless(request.headers, most):
            value = Malformed(f"the body is larger than {most} bytes", 413)
        else:
            value = await read_form(receive, form, most + MAX_WASTE)
        if value is None:
            return None
        request.body = value if isinstance(value, Malformed) else b""
        call = read_call(route, request, path)
        if not isinstance(value, Malformed):
            call.body, call.attachment = value, form.file
        return call

    async def _fetch(
        self, source: str, request: Request, operation: Operation
    ) -> Attachment | Malformed:
        from mockserver.web.uploads.fetch import fetch_file, find_name

        own = urlsplit(request.origin)
        try:
            parts = urlsplit(source)
        except ValueError as error:
            return Malformed(f"{source} is no address: {error}")
        if (parts.netloc, parts.path[: len(PREFIX)]) == (own.netloc, PREFIX):
            # A file of ours: no way leads over the network, which would wait for itself.
            target = source.partition(parts.netloc)[2]
            reply = await self._files.answer(
                Request("GET", parts.path, target, parts.query.encode(), {}, request.origin)
            )
            if reply.status != 200:
                return Malformed(f"{source} cannot be fetched: {reply.body.decode()}")
            return Attachment(find_name(source), reply.media_type.partition(";")[0], reply.body)
        assert operation.upload is not None  # noqa: S101  # it would not come here
        return await fetch_file(source, self._targets, operation.upload)
