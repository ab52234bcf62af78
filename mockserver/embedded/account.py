"""An account: a key, where it is used, and what can be done with it; also with one provider."""

from collections.abc import Mapping

from mockserver.control_client.ledger import LedgerView
from mockserver.embedded.controls import Controls
from mockserver.embedded.line import Line
from mockserver.errors import UsageError
from mockserver.variables import list_variables


class Account(Controls):
    """The account of a key, over all providers that are served."""

    def __init__(self, line: Line, api_key: str, url: str, base_urls: Mapping[str, str]) -> None:
        super().__init__(line, api_key)
        self.url = url
        self._base_urls = base_urls

    def __repr__(self) -> str:
        return f"<Account {self.api_key}>"

    def base_url(self, provider: str | None = None) -> str:
        """Where a provider is served, which need not be named if it is the only one."""
        return self._base_urls[self._choose(provider)]

    def at(self, provider: str) -> "ProviderAccount":
        """The same account, as it is used with one provider."""
        return ProviderAccount(self._line, self, self._choose(provider))

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the environment that lead code under test to this account."""
        return list_variables(self.url, self._base_urls, self.api_key)

    def set_credits(self, credits: float, provider: str | None = None) -> float:
        """Set the balance at a provider; the balance as it is now."""
        chosen = self._choose(provider)
        view = self._line.ask(lambda c: c.set_credits(self.api_key, credits, chosen))
        return view.balance

    def _choose(self, provider: str | None) -> str:
        names = ", ".join(self._base_urls)
        if provider is None and len(self._base_urls) == 1:
            return names
        if provider is None:
            raise UsageError(f"say which provider is meant; there are {names}")
        if provider not in self._base_urls:
            raise UsageError(f"no provider {provider!r}; there are {names}")
        return provider


class ProviderAccount(Controls):
    """An account at one provider: what code under test is given, and what a test looks at."""

    def __init__(self, line: Line, account: Account, provider: str) -> None:
        super().__init__(line, account.api_key, provider)
        self._name = provider
        self.base_url = account.base_url(provider)
        self.account = account  # over all providers

    def __repr__(self) -> str:
        return f"<ProviderAccount {self.api_key} at {self.provider}>"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the environment that lead code under test to this account."""
        return list_variables(self.account.url, {self._name: self.base_url}, self.api_key)

    @property
    def balance(self) -> float:
        """Its credits."""
        return self.balances[self._name]

    @property
    def ledger(self) -> LedgerView:
        """Its credits with the entries that add up to them: charges, refunds, …."""
        return self.ledgers[self._name]

    def set_credits(self, credits: float) -> float:
        """Set the balance; the balance as it is now."""
        return self.account.set_credits(credits, self._name)
