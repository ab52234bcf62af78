"""The router of recordings: which operation a request is for, by host, path or path suffix."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from mockserver.contract.model import Contract, Operation
from mockserver.contract.path import compile_template

MAX_PREFIX: Final = 8  # parts of a path that may stand before an operation's own

NOTHING: Final[Mapping[str, str]] = {}


class Match(NamedTuple):
    """An operation that was asked for, and the values in the path."""

    contract: Contract
    operation: Operation
    path: Mapping[str, str] = NOTHING


class _Site:
    """The operations of one contract, by method and path."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        # host name -> the path before an operation's own
        self.hosts: dict[str | None, str] = {}
        for server in contract.servers:
            address = urlsplit(server)
            self.hosts.setdefault(address.hostname, quote(address.path.rstrip("/")))
        self._exact: dict[tuple[str, str], Operation] = {}
        self._templates: list[tuple[str, re.Pattern[str], Operation]] = []
        for operation in contract.operations.values():
            if "{" in operation.path:
                pattern = compile_template(operation.path)
                self._templates.append((operation.method, pattern, operation))
            else:
                self._exact[operation.method, operation.path] = operation

    def find(self, method: str, path: str) -> Match | None:
        """The operation at a path."""
        operation = self._exact.get((method, path))
        if operation is not None:
            return Match(self.contract, operation)
        for wanted, pattern, templated in self._templates:
            if wanted == method and (match := pattern.fullmatch(path)):
                values = {name: unquote(value) for name, value in match.groupdict().items()}
                return Match(self.contract, templated, values)
        return None


class Signpost:
    """Finds operations for addresses of the providers, of an emulator, or of a proxy."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._sites = [_Site(contract) for contract in contracts]

    def find(self, method: str, url: str) -> list[Match]:
        """Every operation that may be meant, the likeliest first; several only if paths agree."""
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            return []
        for site in self._sites:
            base = site.hosts.get(host)
            if base is not None and parts.path.startswith(base):
                found = site.find(method, parts.path.removeprefix(base))
                return [found] if found else []
        return next(filter(None, self._find_behind(method, parts)), [])

    def _find_behind(self, method: str, parts: SplitResult) -> Iterator[list[Match]]:
        """What is found once nothing, one part, two parts, ... of the path are left out."""
        names = parts.path.split("/")[1:]
        for cut in range(min(len(names), MAX_PREFIX + 1)):
            path = "/" + "/".join(names[cut:])
            found = [match for site in self._sites if (match := site.find(method, path))]
            named = [match for match in found if match.contract.name in names[:cut]]
            yield named or found
