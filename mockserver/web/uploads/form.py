"""Forms with a file: multipart/form-data, parsed as it comes in, within bounds."""

from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mockserver.engine.call import Attachment, Malformed
from mockserver.web.asgi import Receive

_MAX_PARTS: Final = 100
_MAX_TEXT: Final = 64 * 1024  # bytes of all parts that are no file


class MultipartForm:
    """What has come of a form: its texts by name, and its file."""

    def __init__(self, boundary: bytes, max_file: int) -> None:
        self.fields: dict[str, str] = {}
        self.file: Attachment | None = None
        self.problem: Malformed | None = None
        self._max_file = max_file
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._data = bytearray()
        self._parts = 0
        self._room = _MAX_TEXT
        self._is_whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_part_data": self._add_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take in a piece; after a problem, nothing more is kept."""
        if self.problem is not None:
            return
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            self._fail(f"the form cannot be read: {error}")

    def finish(self) -> Malformed | dict[str, str]:
        """The texts of the form, the file's name among them; Malformed if it has no end."""
        if self.problem is None and not self._is_whole:
            self._fail("the form ends before its last boundary")
        return self.problem or self.fields

    def _fail(self, reason: str, status: int | None = None) -> None:
        self.problem = Malformed(reason, status)
        self._data.clear()
        self.file = None

    # The parser's callbacks

    def _begin(self) -> None:
        self._headers = {}
        self._data = bytearray()
        self._parts += 1
        if self._parts > _MAX_PARTS:
            self._fail(f"the form has more than {_MAX_PARTS} parts")

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self.problem is not None:
            return
        if b"filename" not in self._headers.get(b"content-disposition", b""):
            self._room -= end - start
            if self._room < 0:
                self._fail(f"the texts of the form are longer than {_MAX_TEXT} bytes", 413)
                return
        elif len(self._data) + end - start > self._max_file:
            self._fail(f"the file is larger than {self._max_file} bytes", 413)
            return
        self._data += data[start:end]

    def _end_part(self) -> None:
        if self.problem is not None:
            return
        _, said = parse_options_header(self._headers.get(b"content-disposition"))
        name = said.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in said:
            self.fields.setdefault(name, self._data.decode("utf-8", "replace"))
            return
        if self.file is not None:
            self._fail("the form has more than one file")
            return
        media_type, _ = parse_options_header(self._headers.get(b"content-type"))
        file_name = said[b"filename"].decode("utf-8", "replace")
        self.file = Attachment(file_name, media_type.decode("latin-1"), bytes(self._data))
        self.fields[name] = file_name
        self._data = bytearray()

    def _end(self) -> None:
        self._is_whole = True


async def read_form(
    receive: Receive, form: MultipartForm, most: int
) -> Malformed | dict[str, str] | None:
    """Read a form up to so many bytes of body; None if the client left before its end."""
    size = 0
    while (message := await receive())["type"] == "http.request":
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        form.feed(chunk)
        if not message.get("more_body", False) or size > most:
            return form.finish()
    return None


def find_boundary(content_type: str) -> bytes | None:
    """The boundary that a Content-Type of a form names; None if it is none of a form."""
    kind, said = parse_options_header(content_type)
    boundary = said.get(b"boundary", b"")
    return boundary if kind == b"multipart/form-data" and 0 < len(boundary) <= 70 else None
