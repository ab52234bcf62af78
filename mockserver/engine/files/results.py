"""Result files: how long they are there, and all that drawing one needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mockserver.contract.moments import Phase
from mockserver.contract.yields import Yields
from mockserver.draw import draw
from mockserver.engine.accounts.account import Account
from mockserver.engine.files.address import Address, find_format, sign
from mockserver.engine.task import Task

# Nothing larger can be drawn: the sides of a WebP image, and pixels in memory, of a video's frame
# and of anything else; and nothing longer.
_MAX_SIDE: Final = 16_383
_MAX_PIXELS: Final = {"video": 4_096 * 2_304, "image": 50_000_000}
_MAX_SECONDS: Final = 600.0
_USUAL_SECONDS: Final = 5.0  # where the contract says nothing
_NO_SIZE: Final = (512, 512)  # of a picture for what has none: the cover of a sound


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
    format: str  # png, jpeg, webp, mp4, mp3, wav, txt or json
    media: str  # image, video, audio, text or data
    seconds: float | None = None  # length of a video or a sound


@dataclass(frozen=True, slots=True)
class FileMissing:
    """Why there is no file at an address."""

    reason: str


def find_file(account: Account, address: Address) -> ResultFile | FileMissing:
    """What lies at an address of an account, or why there is nothing."""
    now = account.settle()
    holding = account.holdings.get(address.provider)
    task = holding.tasks.get(address.task_id) if holding else None
    yields = task.yields if task else None
    if task is None or yields is None or not 1 <= address.number <= task.count_results():
        return FileMissing("there is no such file")
    problem = next(_find_problems(account, task, address, now), None)
    if problem is not None:
        return FileMissing(problem)
    return _describe(account, task, yields, address.number)


def is_kept(task: Task, now: int) -> bool:
    """Whether a task has made its files, and they still exist."""
    lifetime = task.contract.retention.media
    is_made = task.timeline.final.phase is Phase.SUCCEEDED and now >= task.ended
    return is_made and (lifetime is None or now < task.ended + lifetime)


def _find_problems(account: Account, task: Task, address: Address, now: int) -> Iterator[str]:
    links = task.contract.retention.links
    if now < task.ended:
        yield "the task has not ended yet"
    if task.timeline.final.phase is not Phase.SUCCEEDED:
        yield "the task made no file"
    if not is_kept(task, now):
        yield "the file is no longer kept"
    if address.until is None:
        if links is not None and now >= task.ended + links:
            yield "the address is no longer good"
    elif address.sign != sign(account, task, address.number, address.until):
        yield "the sign of the address is wrong"
    elif now >= address.until:
        yield "the temporary address is no longer good"


def _describe(account: Account, task: Task, yields: Yields, number: int) -> ResultFile:
    facts = task.read_facts()
    prompt, images, model = (
        facts.get(name) for name in ("input.prompt", "input.images", "task.model")
    )
    width, height = _find_size(task, yields)
    return ResultFile(
        provider=task.contract.name,
        model=model if isinstance(model, str) else None,
        prompt=prompt if isinstance(prompt, str) else "",
        task_id=task.id,
        digest=draw(account.seed, "file", task.digest, task.occurrence).hex(32),
        inputs=tuple(i for i in images if isinstance(i, str)) if isinstance(images, list) else (),
        number=number,
        of=task.count_results(),
        width=width,
        height=height,
        format=find_format(task, yields)[0],
        media=yields.media,
        seconds=_find_seconds(task, yields),
    )


def _find_size(task: Task, yields: Yields) -> tuple[int, int]:
    if yields.size is None:
        return _NO_SIZE
    width, height = yields.size.compute(task.read_input(), task.defaults)
    most = _MAX_PIXELS.get(yields.media, _MAX_PIXELS["image"])
    fits = 1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE and width * height <= most
    return (width, height) if fits else yields.size.default


def _find_seconds(task: Task, yields: Yields) -> float | None:
    """How long a video or a sound is: what was asked for, within bounds."""
    if yields.media not in {"video", "audio"}:
        return None
    seconds = yields.seconds
    asked = seconds.compute(task.read_input(), task.defaults) if seconds else _USUAL_SECONDS
    return min(asked, _MAX_SECONDS)
