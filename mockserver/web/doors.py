"""Doors: which place of the server a Host header opens, by its name and by its port."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mockserver.contract.model import Contract
from mockserver.engine.call import Reply
from mockserver.web.asgi import build_error
from mockserver.web.hosts import Hosts, parse_host, parse_port
from mockserver.web.options import Options
from mockserver.web.request_log import Watch
from mockserver.web.routes import (
    Site,
    build_home_site,
    build_local_site,
    build_provider_sites,
)

MAX_DOORS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Door:
    """What stands behind one Host header."""

    site: Site
    has_control: bool  # not under a provider's own name: that one belongs to somebody else


class Doors:
    """The doors of one server; `known` holds those that were opened, by Host header as sent."""

    def __init__(self, contracts: tuple[Contract, ...], options: Options, watch: Watch) -> None:
        self.known: dict[str, Door] = {}
        self._hosts = Hosts(options.allowed_hosts, beyond_loopback=options.beyond_loopback)
        self._main = Door(build_local_site(contracts), has_control=True)
        self._providers = build_provider_sites(contracts)
        self._by_port = _build_doors_of_ports(contracts, options)
        self._watch = watch

    def open(self, host: str) -> Door | Reply:
        """Judge a Host header that was not seen before."""
        name = parse_host(host)
        if name is None:
            problem = "the Host header names no host" if host else "the request has no Host header"
            return build_error(400, problem, "send one, such as Host: 127.0.0.1:8787")
        if self._hosts.admits(name):
            door = self._by_port.get(parse_port(host), self._main)
        elif name in self._providers:
            door = Door(self._providers[name], has_control=False)
        else:
            hint = f"start the server with --allowed-host {name}"
            self._watch.report(f"a request for the host {name} was refused; {hint} to allow it")
            return build_error(421, f"the host {name} is not served here", hint)
        if len(self.known) >= MAX_DOORS:
            self.known.clear()
        self.known[host] = door
        return door


def _build_doors_of_ports(
    contracts: tuple[Contract, ...], options: Options
) -> Mapping[int | None, Door]:
    """What stands behind the ports that are one provider's alone, or for files alone."""
    by_name = {contract.name: contract for contract in contracts}
    doors: dict[int | None, Door] = {
        port: Door(build_home_site(by_name[name]), has_control=True)
        for port, name in options.homes.items()
    }
    if options.files_port is not None:
        doors[options.files_port] = Door(Site(), has_control=False)
    return doors
