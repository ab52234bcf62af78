"""One attempt at a delivery, from the check of its address to the answer."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from mockserver.web.callbacks.message import Message
from mockserver.web.callbacks.sender import Answer, NoAnswer, Sender
from mockserver.web.callbacks.targets import Target, Targets


class Outcome(NamedTuple):
    """What became of an attempt: an answer, or a problem in words."""

    message: Message | None  # None if it never came to writing one
    answer: Answer | None
    problem: str | None
    is_late: bool = False  # the problem is that no answer came in time


async def try_delivery(
    sender: Sender,
    targets: Targets,
    url: str,
    seconds: float,
    build: Callable[[Target], Message],
) -> Outcome:
    """Check an address, build the message for it and post it, all within some seconds.

    Raises Held if nothing may be sent there, and whatever `build` raises.
    """
    message: Message | None = None
    try:
        async with asyncio.timeout(seconds):
            target = await targets.check(url)
            message = build(target)
            answer = await sender.post(target, message.headers, message.body, message.method)
    except TimeoutError:
        return Outcome(message, None, f"no answer within {seconds:g} s", is_late=True)
    except NoAnswer as error:
        return Outcome(message, None, str(error))
    except OSError as error:  # the name of an allowed host cannot be resolved
        return Outcome(message, None, error.strerror or str(error))
    return Outcome(message, answer, None)
