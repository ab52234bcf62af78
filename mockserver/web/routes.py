"""The addresses that contracts declare: one look-up from method and path to an operation."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote, urlsplit

from mockserver.contract.model import Contract, Operation, Role
from mockserver.contract.path import compile_template

NO_PARAMETERS: Mapping[str, str] = {}
SCENARIO_MARK = "/_/"


@dataclass(frozen=True)
class Route:
    """An operation of a contract, and whether it takes a body."""

    contract: Contract
    operation: Operation
    scenario: str | None = None  # the one that the address names

    @property
    def keeps_file(self) -> bool:
        """Whether it takes a file and keeps it; then its body is read in a way of its own."""
        return self.operation.upload is not None

    @cached_property
    def takes_body(self) -> bool:
        """Whether the contract declares a request body."""
        return self.operation.body is not None

    @cached_property
    def needs_body(self) -> bool:
        """Whether the contract declares a request body that may not be left out."""
        return self.operation.body is not None and self.operation.body.required


@dataclass(frozen=True)
class Site:
    """Everything that is served under one group of host names."""

    exact: dict[tuple[str, str], Route] = field(default_factory=dict)
    templates: list[tuple[str, re.Pattern[str], Route]] = field(default_factory=list)
    mounts: dict[str, Contract] = field(default_factory=dict)  # first part of the path -> contract
    home: Contract | None = None  # the contract that is served at the root

    def add_contract(self, contract: Contract, prefix: str) -> None:
        """Serve the operations of a contract behind a prefix."""
        for operation in contract.operations.values():
            self.add_operation(contract, operation, prefix)

    def add_operation(self, contract: Contract, operation: Operation, prefix: str) -> None:
        """Serve one operation of a contract behind a prefix."""
        route = Route(contract, operation)
        path = prefix + operation.path
        if "{" in path:
            # Names of models have slashes, and not every client hides them.
            within = "(?s:.+)" if operation.role is Role.MODEL else "[^/]+"
            self.templates.append((operation.method, compile_template(path, within), route))
        else:
            self.exact[operation.method, path] = route

    def find_template(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The operation whose path template fits, with the values in the path."""
        for wanted, pattern, route in self.templates:
            if wanted == method and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        return None

    def find_in_scenario(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The operation behind a path that names a scenario: `/_/<scenario>` before its own."""
        base, _, rest = path.partition(SCENARIO_MARK)
        name, slash, own = rest.partition("/")
        if not (name and slash) or base.removeprefix("/") not in ("", *self.mounts):
            return None
        plain = f"{base}/{own}"
        route = self.exact.get((method, plain))
        found = self.find_template(method, plain) if route is None else (route, NO_PARAMETERS)
        return None if found is None else (replace(found[0], scenario=name), found[1])

    def find_contract(self, path: str) -> Contract | None:
        """The contract that a path without an operation belongs to, if any."""
        name = path.partition("/")[2].partition("/")[0]
        return self.mounts.get(name, self.home)


def build_local_site(contracts: Iterable[Contract]) -> Site:
    """Every contract behind its name; a single one at the root as well."""
    served = list(contracts)
    site = Site(home=served[0] if len(served) == 1 else None)
    if site.home is not None:
        site.add_contract(site.home, "")
    for contract in served:
        site.add_contract(contract, f"/{contract.name}")
        site.mounts[contract.name] = contract
    return site


def build_home_site(contract: Contract) -> Site:
    """One contract at the root, and nothing else: the place of a provider's own listener."""
    site = Site(home=contract)
    site.add_contract(contract, "")
    return site


def build_provider_sites(contracts: Iterable[Contract]) -> dict[str, Site]:
    """A site per host name of the real providers, with the real paths."""
    sites: dict[str, Site] = {}
    served = [(contract, each) for contract in contracts for each in contract.operations.values()]
    for contract, operation in served:
        for server in operation.servers or contract.servers:
            address = urlsplit(server)
            if address.hostname:
                site = sites.setdefault(address.hostname, Site(home=contract))
                site.add_operation(contract, operation, quote(address.path.rstrip("/")))
    return sites
