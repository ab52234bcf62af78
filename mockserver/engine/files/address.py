"""Addresses of result files: made for a task, temporary ones signed, and taken apart again."""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from mockserver.contract.yields import Yields, find_field
from mockserver.draw import draw
from mockserver.engine.accounts.account import Account
from mockserver.engine.files.uploads import PREFIX
from mockserver.engine.task import Task

# By media, how requests spell a format -> the format, and the extension of its files.
_FORMATS: Final = {
    "image": {
        "png": ("png", "png"),
        "jpeg": ("jpeg", "jpg"),
        "jpg": ("jpeg", "jpg"),
        "webp": ("webp", "webp"),
    },
    "video": {"mp4": ("mp4", "mp4")},
    "audio": {"mp3": ("mp3", "mp3"), "wav": ("wav", "wav"), "pcm": ("wav", "wav")},
    "text": {"txt": ("txt", "txt")},
    "data": {"json": ("json", "json")},
}
_SAFE: Final = re.compile(r"[\w-]+", re.ASCII)  # what need not be quoted
_FOR_EVER: Final = 253_402_300_799_000  # the last second of the year 9999


class Address(NamedTuple):
    """Where a result file is found, apart from the server."""

    account_id: str
    provider: str
    task_id: str
    number: int  # which result of the task, counted from 1
    until: int | None = None  # milliseconds; only in a temporary address
    sign: str | None = None


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
    query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=None)
    number, until = file.partition(".")[0], query.get("until", [None])[0]
    if not _is_number(number) or (until is not None and not _is_number(until)):
        return None
    moment = None if until is None else int(until)
    sign = query.get("sign", [None])[0]
    return Address(account_id, provider, unquote(task_id), int(number), moment, sign)


def list_addresses(account: Account, task: Task) -> list[str]:
    """The addresses of all results of a task, as its client reaches them."""
    yields = task.yields
    if yields is None:
        return []
    name = task.id if _SAFE.fullmatch(task.id) else quote(task.id, safe="")
    start = f"{task.origin}{PREFIX}{account.id}/{task.contract.name}/{name}"
    extension = find_format(task, yields)[1]
    return [f"{start}/{number}.{extension}" for number in range(1, task.count_results() + 1)]


def list_originals(account: Account, task: Task) -> list[str]:
    """The other addresses of all results of a task that has ended, which are good for a time."""
    lifetime = task.contract.retention.originals
    until = _FOR_EVER if lifetime is None else task.ended + lifetime
    addresses = enumerate(list_addresses(account, task), 1)
    return [_limit(account, task, number, address, until) for number, address in addresses]


def write_link(account: Account, task: Task, number: int, now: int) -> str:
    """A temporary address for a result, good from now on for as long as the contract says."""
    lifetime = task.contract.retention.temporary
    until = _FOR_EVER if lifetime is None else now + lifetime
    return _limit(account, task, number, list_addresses(account, task)[number - 1], until)


def _limit(account: Account, task: Task, number: int, address: str, until: int) -> str:
    return f"{address}?until={until}&sign={sign(account, task, number, until)}"


def sign(account: Account, task: Task, number: int, until: int) -> str:
    """What a temporary address proves itself with."""
    parts = (account.id, task.contract.name, task.id, number, until)
    return draw(account.seed, "link", *parts).hex(32)


def find_format(task: Task, yields: Yields) -> tuple[str, str]:
    """Format and file extension: what the input asks for, if results of its media come in it."""
    known = _FORMATS[yields.media]
    if yields.format_from is not None:
        asked = find_field(task.read_input(), yields.format_from)
        if asked is None:
            asked = task.defaults.get(yields.format_from)
        # "mp3_44100_128" is one way to write mp3.
        if isinstance(asked, str) and (found := known.get(asked.lower().partition("_")[0])):
            return found
    return known[yields.format]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15
