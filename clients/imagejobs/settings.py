"""How patient a client is, and the clock, sleep and chance that it is given."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

SleepingCall = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class World:
    """Time, chance and ids; tests give their own."""

    clock: Callable[[], float] = time.monotonic  # seconds; only differences matter
    now: Callable[[], float] = time.time  # seconds since the epoch, for dates in headers
    sleep: Callable[[float], object] = time.sleep  # another one is not cut short by callbacks
    sleep_async: SleepingCall = asyncio.sleep
    random: Callable[[], float] = random.random  # from 0 up to 1
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of a client; seconds and bytes.

    Polling starts at 2 s and backs off, and a wait gives up after 15 minutes: the advice of
    KIE.AI's task details page, https://docs.kie.ai/market/common/get-task-detail.
    """

    call_timeout: float = 60.0  # of submit, inspect and balance, retries included
    wait_timeout: float = 900.0
    download_timeout: float = 180.0
    request_timeout: float = 20.0  # of one request within a call
    poll_first: float = 2.0
    poll_growth: float = 1.3
    poll_cap: float = 10.0
    retry_first: float = 0.5
    retry_growth: float = 2.0
    retry_cap: float = 30.0
    max_retries: int = 8  # in a row, of one request
    not_found_grace: float = 20.0  # KIE.AI may not know a task for a moment after its submit
    max_bytes: int = 64 * 1024 * 1024  # of a download
    max_redirects: int = 5  # of a download; calls with a key follow none
    world: World = field(default_factory=World)
