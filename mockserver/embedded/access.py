"""What tests do with a server, whether it runs in this process or elsewhere."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mockserver.control_client.views import RequestView
from mockserver.embedded.account import Account
from mockserver.embedded.controls import ALL
from mockserver.embedded.line import Line
from mockserver.embedded.register import Register
from mockserver.errors import UsageError

_CONNECTED: Final = frozenset({"url", "base_urls", "salt", "files_url", "_line", "_register"})


class Access:
    """The accounts and addresses of a server, once it serves."""

    url: str  # where all providers are mounted under their names, and where the control API is
    base_urls: Mapping[str, str]  # by provider
    salt: str  # what tells accounts of ours from those of other users; empty if there are none

    def _connect(self, line: Line, url: str, base_urls: Mapping[str, str], salt: str = "") -> None:
        self.url = url
        self.base_urls = base_urls
        self._line = line
        self.salt = salt
        self._register = Register(line, url, base_urls, salt)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Explain why an address or an account is not there yet."""
            kind = type(self).__name__
            if name in _CONNECTED:
                # No AttributeError: a property that asks for it would be said not to be there.
                raise UsageError(f"the server is not open; write `with {kind}(…) as server:`")
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        is_open = "url" in self.__dict__
        return f"<{type(self).__name__} {f'at {self.url}' if is_open else 'that is not open'}>"

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
        return self._register.open(name, scenario, seed)

    def check_scenario(self, name: str, provider: str) -> None:
        """Raise UsageError if a provider has no scenario of this name; others may have one."""
        known = self._scenarios.get(provider, ())
        if name.replace("_", "-") not in known:
            near = get_close_matches(name, known, 1, 0.0)
            hint = f"; nearest: {near[0]!r}" if near else ""
            raise UsageError(f"{provider} has no scenario {name!r}{hint}")

    @cached_property
    def _scenarios(self) -> Mapping[str, Sequence[str]]:
        found = self._line.ask(lambda control: control.scenarios())
        return {provider: [each.name for each in rows] for provider, rows in found.items()}

    @property
    def requests(self) -> tuple[RequestView, ...]:
        """The journals of all accounts, and the requests that reached none."""
        return self._line.ask(lambda control: control.requests(limit=ALL))

    def list_since(self, number: int) -> tuple[RequestView, ...]:
        """The requests of all accounts and of none that came after the one with a number."""
        return self._line.ask(lambda control: control.requests(limit=ALL, since=number))

    def reset(self) -> None:
        """Make everything as it was at the start; nobody is called back afterwards."""
        self._line.ask(lambda control: control.reset())
