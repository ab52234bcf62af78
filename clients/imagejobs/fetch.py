"""Downloads: without the key, from allowed addresses only, capped, and checked to be an image.

A result's address comes from a reply, and a redirect from anybody: neither is trusted. An address
inside this machine or its network is followed only if the API itself is there, as an emulator is.
Only what an address says is judged; names are not resolved.
"""

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from imagejobs import calls, hints, images, money, verdict
from imagejobs.calls import Steps
from imagejobs.deadline import Deadline
from imagejobs.ending import settle
from imagejobs.errors import BadFile, Details, ImageError, Misused, Unreachable
from imagejobs.models import File, Task
from imagejobs.settings import Settings
from imagejobs.version import VERSION
from imagejobs.wire import Answer, Reply, Request, Trouble

REDIRECTS: Final = {301, 302, 303, 307, 308}
# Compression saves nothing on images, and hides how much will come.
HEADERS: Final = {
    "accept": "image/*",
    "accept-encoding": "identity",
    "user-agent": f"imagejobs/{VERSION}",
}


@dataclass(frozen=True, slots=True)
class Fetch:
    """Downloads for one client."""

    base_url: str
    settings: Settings

    def download(self, source: Task | str, index: int, timeout: float | None) -> Steps[File]:
        """An image, checked. Raises BadFile, NotFound, Unreachable and their like."""
        url = choose_url(source, index)
        deadline = Deadline(timeout, self.settings.download_timeout, self.settings)
        failures = 0
        while True:
            try:
                return (yield from self._follow(url, deadline))
            except ImageError as error:
                error.add_task(source.id if isinstance(source, Task) else None)
                failures += 1
                if not (money.may_repeat_read(error) or error.condition == "cut-off"):
                    raise
                yield from calls.back_off(error, failures, deadline, self.settings)

    def _follow(self, url: str, deadline: Deadline) -> Steps[File]:
        check_address(url, None, self.base_url)
        hops = 0
        while True:
            request = Request("GET", url, HEADERS, max_bytes=self.settings.max_bytes)
            answer: Answer = yield replace(request, timeout=deadline.cap(deadline.left))
            reply = self._judge(answer, url)
            if reply.status not in REDIRECTS:
                return read_file(reply, url)
            if hops >= self.settings.max_redirects:
                raise refuse(url, f"it redirects more than {self.settings.max_redirects} times")
            target = join(url, reply.headers.get("location", ""))
            check_address(target, url, self.base_url)
            url = target
            hops += 1

    def _judge(self, answer: Answer, url: str) -> Reply:
        host = urlsplit(url).hostname or url
        if isinstance(answer, Trouble):
            text = f"{host} did not send the file: {answer.text}; try again"
            raise Unreachable(text, Details(condition="no-answer"))
        if answer.is_cut:
            raise refuse(url, f"it is larger than {self.settings.max_bytes} bytes")
        if answer.status == 200 or answer.status in REDIRECTS:
            return answer
        hint = hints.read_retry_after(answer.headers, None, self.settings.world.now())
        # A file host knows the codes of HTTP only: its 501 is no failed generation.
        code = 500 if answer.status in {501, 505} else answer.status
        error = verdict.find_refusal(verdict.Envelope(code, "", None, hint), host)
        raise error or refuse(url, f"it answered {answer.status}")


def choose_url(source: Task | str, index: int) -> str:
    """The address of one result. Raises Misused if there is none (yet), and what `settle` does."""
    if isinstance(source, str):
        return source
    if source.ended:
        settle(source)
    if index not in range(len(source.results)):
        some = f"{len(source.results)} results" if source.results else "no result (yet)"
        raise Misused(f"task {source.id} has {some}; ask for one that is there, from 0 on")
    return source.results[index]


def join(url: str, location: str) -> str:
    """Where a redirect leads. Raises BadFile if nowhere."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise refuse(url, "it redirects to what is no address") from error


def check_address(url: str, came_from: str | None, base_url: str) -> None:
    """Raises BadFile for an address that may not be fetched."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise refuse(url, "it is no address") from error
    is_plain = parts.scheme in {"http", "https"} and parts.username is None and url.isprintable()
    if not host or not is_plain:
        raise refuse(url, "it is no plain http or https address")
    if is_private(parts) and not is_private(urlsplit(base_url)):
        raise refuse(url, "it points into this machine or its network, and the API is elsewhere")
    if came_from is not None and came_from.startswith("https:") and parts.scheme != "https":
        raise refuse(url, "it was redirected from https to http")


def is_private(parts: SplitResult) -> bool:
    """Whether a host is named or numbered as one of this machine or its network."""
    host = (parts.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        # 127.1, 0x7f000001 and 2130706433 are numbers of this machine, too.
        return re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*", host) is not None


def read_file(reply: Reply, url: str) -> File:
    """The image in a reply; BadFile if it is none, or not all of it."""
    if is_short(reply):
        raise refuse(url, f"only {len(reply.body)} bytes came, fewer than announced", "cut-off")
    media_type = images.read_media_type(reply.body)
    if media_type is None:
        raise refuse(url, f"it is no image; it begins with {reply.body[:12]!r}", "no-image")
    if not images.is_whole(reply.body, media_type):
        raise refuse(url, "its end is missing", "cut-off")
    return File(url, media_type, reply.body)


def is_short(reply: Reply) -> bool:
    """Whether fewer bytes came than the header announced."""
    declared = reply.headers.get("content-length", "")
    is_plain = reply.headers.get("content-encoding", "identity") == "identity"
    return is_plain and declared.isdecimal() and int(declared) != len(reply.body)


def refuse(url: str, why: str, condition: str = "refused-address") -> BadFile:
    """The error for a download that was not, or not wholly, taken."""
    return BadFile(f"cannot use {url[:200]}: {why}", Details(condition=condition))
