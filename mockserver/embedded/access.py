"""What tests do with a server, whether it runs in this process or elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mockserver.control_client.views import RequestView
from mockserver.embedded.account import Account
from mockserver.embedded.controls import ALL
from mockserver.embedded.line import Line
from mockserver.embedded.register import Register
from mockserver.errors import UsageError
from mockserver.hint import suggest


@dataclass(frozen=True, slots=True)
class Connection:
    """How a server is reached, once it serves."""

    line: Line
    url: str
    base_urls: Mapping[str, str]
    register: Register
    salt: str = ""
    files_url: str | None = None


class Access:
    """The accounts and addresses of a server, once it serves."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    @property
    def _connected(self) -> Connection:
        """The connection; raises UsageError if there is none yet."""
        if self._connection is None:
            kind = type(self).__name__
            raise UsageError(f"the server is not open; write `with {kind}(…) as server:`")
        return self._connection

    @property
    def url(self) -> str:
        """Where all providers are mounted under their names, and where the control API is."""
        return self._connected.url

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Where each provider is served."""
        return self._connected.base_urls

    @property
    def files_url(self) -> str | None:
        """Where result files have a listener of their own; None if they have none."""
        return self._connected.files_url

    @property
    def salt(self) -> str:
        """What tells accounts of ours from those of other users; empty if there are none."""
        return self._connected.salt

    def __repr__(self) -> str:
        place = "that is not open" if self._connection is None else f"at {self._connection.url}"
        return f"<{type(self).__name__} {place}>"

    def base_url(self, provider: str) -> str:
        """Where a provider is served; raises UsageError if it is not."""
        if provider not in self.base_urls:
            raise UsageError(f"no provider {provider!r}; there are {', '.join(self.base_urls)}")
        return self.base_urls[provider]

    def account(
        self, name: str | None = None, scenario: str | None = None, seed: int | None = None
    ) -> Account:
        """The account with a name, or a fresh one, in a scenario.

        Raises ControlFailed for a scenario that no provider knows.
        """
        return self._connected.register.open(name, scenario, seed)

    def check_scenario(self, name: str, provider: str) -> None:
        """Raise UsageError if a provider has no scenario of this name; others may have one."""
        known = self._scenarios.get(provider, ())
        if name.replace("_", "-") not in known:
            hint = suggest(name, known, "mockserver scenarios lists them")
            raise UsageError(f"{provider} has no scenario {name!r}; {hint}")

    @cached_property
    def _scenarios(self) -> Mapping[str, Sequence[str]]:
        found = self._connected.line.ask(lambda control: control.scenarios())
        return {provider: [each.name for each in rows] for provider, rows in found.items()}

    @property
    def requests(self) -> tuple[RequestView, ...]:
        """The journals of all accounts, and the requests that reached none."""
        return self._connected.line.ask(lambda control: control.requests(limit=ALL))

    def list_since(self, number: int) -> tuple[RequestView, ...]:
        """The requests of all accounts and of none that came after the one with a number."""
        return self._connected.line.ask(lambda control: control.requests(limit=ALL, since=number))

    def reset(self) -> None:
        """Make everything as it was at the start; nobody is called back afterwards."""
        self._connected.line.ask(lambda control: control.reset())
