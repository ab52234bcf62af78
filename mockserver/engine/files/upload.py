"""An upload: a file that a client lends, taken out of its call, named, and kept for a while."""

import binascii
import re
from base64 import b64decode
from hashlib import blake2b
from itertools import count
from typing import Final
from urllib.parse import quote

from mockserver.contract.facts import Facts
from mockserver.contract.validate import Violation
from mockserver.draw import draw
from mockserver.engine.call import Attachment, Malformed
from mockserver.engine.files.media_type import find_extension, find_media_type
from mockserver.engine.files.uploads import PREFIX, UPLOADS, Upload
from mockserver.engine.visit import Refusal, Visit

FORM: Final = "multipart/form-data"

# Patterns are compiled when first needed, which is not at the start.
_DATA_URL: Final = r"data:([^,;]*)[^,]*,"
_BLANK: Final = r"[ \t\r\n]+"
_UNSAFE: Final = r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\\/]"
_MAX_PART: Final = 100  # characters of one part of a path
_MAX_PARTS: Final = 16


def check_file(visit: Visit) -> Refusal | None:
    """A file that is there, is not empty and not too large; the visit has it then."""
    found = _take_file(visit)
    if isinstance(found, Malformed):
        return _refuse(visit, found.reason, "")
    terms = visit.procedure.operation.upload
    if not found.content:
        return _refuse(visit, "the file is empty", "The file is empty")
    if terms is not None and len(found.content) > terms.max_bytes:
        text = f"The file is larger than {terms.max_bytes} bytes"
        return _refuse(visit, text, text)
    visit.attachment = found
    return None


def keep_file(visit: Visit) -> Facts:
    """Keep the file of a visit; what there is to say about it."""
    file, contract = visit.attachment, visit.call.contract
    if file is None:
        raise LookupError(f"no gate of {visit.procedure.operation.id} has found a file")
    media_type = _find_type(visit, file)
    path = _choose_path(visit, file, media_type)
    lifetime = contract.retention.uploads
    expires = None if lifetime is None else visit.now + lifetime
    tag = f'"{blake2b(file.content, digest_size=16).hexdigest()}"'
    upload = Upload(path, media_type, file.content, tag, visit.now, expires)
    visit.account.uploads.put(visit.account.id, contract.name, upload)
    place = f"{PREFIX}{visit.account.id}/{contract.name}/{UPLOADS}/{quote(path)}"
    facts: Facts = {
        **visit.said,
        "upload.name": upload.name,
        "upload.path": path,
        "upload.folder": path.rpartition("/")[0],
        "upload.address": visit.call.origin + place,
        "upload.size": len(file.content),
        "upload.type": media_type,
        "upload.created": visit.now,
    }
    if expires is not None:
        facts["upload.expires"] = expires
    return facts


def clean_path(text: str) -> list[str]:
    """The parts of a path that can stand in an address: none is empty, or leads elsewhere."""
    parts = (re.sub(_UNSAFE, "_", part).strip()[:_MAX_PART] for part in re.split(r"[\\/]", text))
    return [part for part in parts if part.strip(".")][:_MAX_PARTS]


def _take_file(visit: Visit) -> Attachment | Malformed:
    """The file that lies beside the body, or stands in it."""
    beside = visit.call.attachment
    if beside is not None:
        return beside
    text = visit.said.get("upload.content")
    body = visit.procedure.operation.body
    if not isinstance(text, str) or body is None or FORM in body.media_types:
        return Malformed("no file was sent")
    head = re.match(_DATA_URL, text)
    plain = re.sub(_BLANK, "", text[head.end() :] if head else text)
    try:
        content = b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        return Malformed(f"it is no base64: {error}")
    return Attachment(None, head[1].lower() if head else None, content)


def _find_type(visit: Visit, file: Attachment) -> str:
    """The media type: what the bytes are, else what was said, else what the name says."""
    wanted = visit.said.get("upload.name")
    names = [name for name in (wanted, file.name) if isinstance(name, str)]
    return find_media_type(file.content, file.media_type, names)


def _choose_path(visit: Visit, file: Attachment, media_type: str) -> str:
    """Folder and name: the wanted name, that of the address, or one that is made up."""
    folder, wanted = visit.said.get("upload.folder"), visit.said.get("upload.name")
    parts = clean_path(folder) if isinstance(folder, str) else []
    sources = (wanted, file.name if "upload.source" in visit.said else None)
    named = [clean_path(name)[-1:] for name in sources if isinstance(name, str)]
    name = next((parts[0] for parts in named if parts), None)
    if name is not None:  # a file of the same name is replaced
        return "/".join([*parts, name])
    drawn = ("/".join([*parts, _make_name(visit, media_type, n)]) for n in count())
    place = visit.account.id, visit.call.contract.name
    return next(path for path in drawn if visit.account.uploads.find(*place, path) is None)


def _make_name(visit: Visit, media_type: str, attempt: int) -> str:
    drawn = draw(visit.account.seed, "upload", visit.account.id, visit.now, attempt).hex(11)
    return f"{visit.now}-{drawn}{find_extension(media_type)}"


def _refuse(visit: Visit, reason: str, text: str) -> Refusal:
    """Refuse the file; a text is told instead of the one that the contract has for bad values."""
    field = _name_field(visit)
    facts: Facts = {"refusal.field": field}
    if text:
        facts["reply.message"] = text
    return Refusal("bad_value", facts, [Violation("", "upload", reason, field, False)])


def _name_field(visit: Visit) -> str:
    """The name of the field that holds the file or its address."""
    fields = visit.variant.schema.get("properties", {}) if visit.variant else {}
    told = ("upload.content", "upload.source")
    return next((name for name, node in fields.items() if node.get("x-fact") in told), "body")
