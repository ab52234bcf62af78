"""What a provider's dialect knows: its addresses, its bodies, its words."""

from collections.abc import Mapping
from typing import Any, Protocol

from imagejobs.models import Order, Task


class Dialect(Protocol):
    """One provider's way to say the same things. Everything here is free of I/O."""

    @property
    def name(self) -> str:
        """What the provider is called in `Client(name)`."""

    @property
    def prefix(self) -> str:
        """Start of its environment variables: <PREFIX>_API_KEY, <PREFIX>_BASE_URL."""

    @property
    def home(self) -> str:
        """Its real address."""

    @property
    def idempotency_header(self) -> str | None:
        """Where a submit carries its request id, if the provider has such a thing."""

    @property
    def balance_path(self) -> str | None:
        """Where the balance is, if the provider has such a thing."""

    @property
    def signs_callbacks(self) -> bool:
        """Whether its callbacks bear a signature, which imagejobs.webhook verifies."""

    def build_submit(self, prompt: str, order: Order) -> tuple[str, Mapping[str, Any]]:
        """Path and body of a submit. Raises Misused for what the provider does not have."""

    def build_inspect(self, task_id: str) -> str:
        """Path and query of a poll."""

    def read_accepted(self, data: Any) -> str:
        """The id in the answer to a submit. Raises ValueError."""

    def read_task(self, data: Any, task_id: str) -> Task:
        """The task in the answer to a poll, or in a callback. Raises ValueError."""
