"""The register of a server's accounts: a key of its own for whoever asks for one."""

from collections.abc import Mapping

from mockserver.embedded.account import Account
from mockserver.embedded.line import Line
from mockserver.errors import UsageError

MOCK_PREFIX = "sk-mock-"


class Register:
    """Opens accounts; those without a name are counted, so that each is a fresh one."""

    def __init__(self, line: Line, url: str, base_urls: Mapping[str, str], salt: str = "") -> None:
        self._line = line
        self._url = url
        self._base_urls = base_urls
        self._family = f"test-{salt}" if salt else "test"
        self._count = 0

    def open(
        self, name: str | None = None, scenario: str | None = None, seed: int | None = None
    ) -> Account:
        """The account with a name, or a fresh one; raises UsageError or ControlFailed."""
        if name is None:
            self._count += 1
            name = f"{self._family}-{self._count}"
        key = write_key(name, scenario, seed)
        account = Account(self._line, key, self._url, self._base_urls)
        if seed is not None and scenario is None:
            account.change(seed=seed)
        else:
            _ = account.view  # which opens it, or says what is wrong with it
        return account


def write_key(name: str, scenario: str | None, seed: int | None) -> str:
    """The key that asks for a scenario and, with it, for a seed."""
    if name.startswith(MOCK_PREFIX) and scenario is None:
        return name
    if not name.strip() or "." in name:
        raise UsageError(f"{name!r} is no name of an account; use letters, digits and dashes")
    if seed is not None and not 0 <= seed < 10**18:
        raise UsageError(f"{seed} is no seed; give a whole number of 18 digits at most")
    wishes = [] if scenario is None else [scenario] if seed is None else [scenario, str(seed)]
    return ".".join([f"{MOCK_PREFIX}{name}", *wishes])
