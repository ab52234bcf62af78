"""Result files: their addresses, how long these are good, and all that drawing them needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from mockserver.contract.moments import Phase
from mockserver.contract.yields import Yields
from mockserver.draw import draw
from mockserver.engine.account import Account
from mockserver.engine.task import Task

PREFIX: Final = "/_files/"

# Names of formats as requests spell them -> format, file extension.
_FORMATS: Final = {
    "png": ("png", "png"),
    "jpeg": ("jpeg", "jpg"),
    "jpg": ("jpeg", "jpg"),
    "webp": ("webp", "webp"),
}
_MAX_SIDE: Final = 16_383  # pixels; a larger file cannot be drawn
_MAX_PIXELS: Final = 50_000_000
_FOR_EVER: Final = 253_402_300_799_000  # the last second of the year 9999


class Address(NamedTuple):
    """Where a result file is found, apart from the server."""

    account_id: str
    provider: str
    task_id: str
    number: int  # which result of the task, counted from 1
    until: int | None = None  # milliseconds; an address that was made by a `link` operation
    sign: str | None = None


@dataclass(frozen=True, slots=True)
class ResultFile:
    """All that drawing a result needs."""

    provider: str
    model: str | None
    prompt: str
    task_id: str
    digest: str  # 32 hexadecimal digits: equal submits under one seed have equal ones
    inputs: tuple[str, ...]  # addresses of input images
    number: int
    of: int
    width: int  # pixels
    height: int
    format: str  # png, jpeg or webp
    media: str  # image


@dataclass(frozen=True, slots=True)
class FileMissing:
    """Why there is no file at an address."""

    reason: str


def parse_address(address: str) -> Address | None:
    """Take an address apart, with or without a server; None if it is none of a result file."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    names = parts.path.removeprefix(PREFIX).split("/")
    if not parts.path.startswith(PREFIX) or len(names) != 4:
        return None
    account_id, provider, task_id, file = names
    number = file.partition(".")[0]
    query = parse_qs(parts.query)
    until, sign = query.get("until", [""])[0], query.get("sign", [None])[0]
    if not _is_number(number) or (until and not _is_number(until)):
        return None
    moment = int(until) if until else None
    return Address(account_id, provider, unquote(task_id), int(number), moment, sign)


def list_addresses(account: Account, task: Task) -> list[str]:
    """The addresses of a task's results, as the client reaches them."""
    yields = task.variant.yields if task.variant else None
    if yields is None:
        return []
    place = f"{account.id}/{task.contract.name}/{quote(task.id, safe='')}"
    extension = _find_format(task, yields)[1]
    return [
        f"{task.origin}{PREFIX}{place}/{number}.{extension}" for number in range(1, yields.count + 1)
    ]


def write_link(account: Account, task: Task, address: str, now: int) -> str:
    """A temporary address for the same file."""
    lifetime = task.contract.retention.temporary
    until = _FOR_EVER if lifetime is None else now + lifetime
    number = int(address.rpartition("/")[2].partition(".")[0])
    return f"{address}?until={until}&sign={_sign(account, task, number, until)}"


def find_file(account: Account, address: Address) -> ResultFile | FileMissing:
    """What lies at an address of an account, or why there is nothing."""
    now = account.settle()
    holding = account.holdings.get(address.provider)
    task = holding.tasks.get(address.task_id) if holding else None
    yields = task.variant.yields if task and task.variant else None
    if task is None or yields is None or not 1 <= address.number <= yields.count:
        return FileMissing("there is no such file")
    problem = next(_find_problems(account, task, address, now), None)
    return _describe(account, task, yields, address.number) if problem is None else problem


def is_kept(task: Task, now: int) -> bool:
    """Whether the files of a task that succeeded still exist."""
    lifetime = task.contract.retention.media
    return lifetime is None or now < task.ended + lifetime


def _find_problems(
    account: Account, task: Task, address: Address, now: int
) -> Iterator[FileMissing]:
    links = task.contract.retention.links
    if now < task.ended:
        yield FileMissing("the task has not ended yet")
    if task.timeline.final.phase is not Phase.SUCCEEDED:
        yield FileMissing("the task made no file")
    if not is_kept(task, now):
        yield FileMissing("the file is no longer kept")
    if address.until is None and links is not None and now >= task.ended + links:
        yield FileMissing("the address is no longer good")
    if address.until is not None:
        if address.sign != _sign(account, task, address.number, address.until):
            yield FileMissing("the sign of the address is wrong")
        if now >= address.until:
            yield FileMissing("the temporary address is no longer good")


def _describe(account: Account, task: Task, yields: Yields, number: int) -> ResultFile:
    facts = task.read_facts()
    prompt, images = facts.get("input.prompt"), facts.get("input.images")
    model = facts.get("task.model", task.variant.model if task.variant else None)
    width, height = _find_size(task, yields)
    return ResultFile(
        provider=task.contract.name,
        model=model if isinstance(model, str) else None,
        prompt=prompt if isinstance(prompt, str) else "",
        task_id=task.id,
        digest=draw(account.seed, "file", task.digest, task.occurrence).hex(32),
        inputs=tuple(i for i in images if isinstance(i, str)) if isinstance(images, list) else (),
        number=number,
        of=yields.count,
        width=width,
        height=height,
        format=_find_format(task, yields)[0],
        media=yields.media,
    )


def _find_size(task: Task, yields: Yields) -> tuple[int, int]:
    defaults = task.variant.defaults if task.variant else {}
    width, height = yields.size.compute(task.read_input(), defaults)
    fits = 1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE and width * height <= _MAX_PIXELS
    return (width, height) if fits else yields.size.default


def _find_format(task: Task, yields: Yields) -> tuple[str, str]:
    """Format and file extension: what the input asks for, if that is one that can be drawn."""
    asked = task.read_input().get(yields.format_from) if yields.format_from else None
    if isinstance(asked, str) and asked.lower() in _FORMATS:
        return _FORMATS[asked.lower()]
    return _FORMATS[yields.format]


def _sign(account: Account, task: Task, number: int, until: int) -> str:
    parts = (account.id, task.contract.name, task.id, number, until)
    return draw(account.seed, "link", *parts).hex(32)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15
