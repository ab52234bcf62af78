"""A client for asynchronous image-generation APIs that is right with money and trouble.

from imagejobs import Client

with Client("kie") as client:
    task = client.generate("a red fox")
    client.download(task, "fox.png")
"""

from imagejobs import webhook
from imagejobs.async_client import AsyncClient
from imagejobs.client import Client
from imagejobs.errors import (
    BadFile,
    Conflict,
    GenerationFailed,
    ImageError,
    InvalidRequest,
    Misused,
    NotFound,
    OutOfCredits,
    RateLimited,
    SubmitUnknown,
    TheirTurn,
    TimedOut,
    Unauthorized,
    Unavailable,
    Unreachable,
    Unreadable,
    Unsettled,
    YourTurn,
)
from imagejobs.flow import Watch
from imagejobs.inbox import Delivery, Inbox
from imagejobs.models import Failure, File, Order, Phase, Task
from imagejobs.receiver import Receiver
from imagejobs.settings import Settings, World

__all__ = [
    "AsyncClient",
    "BadFile",
    "Client",
    "Conflict",
    "Delivery",
    "Failure",
    "File",
    "GenerationFailed",
    "ImageError",
    "Inbox",
    "InvalidRequest",
    "Misused",
    "NotFound",
    "Order",
    "OutOfCredits",
    "Phase",
    "RateLimited",
    "Receiver",
    "Settings",
    "SubmitUnknown",
    "Task",
    "TheirTurn",
    "TimedOut",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "Unreadable",
    "Unsettled",
    "Watch",
    "World",
    "YourTurn",
    "webhook",
]
