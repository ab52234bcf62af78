"""The fault `extra-headers`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import ClassVar, Final

from mockserver.clock import parse_span
from mockserver.engine.call import Reply
from mockserver.engine.carriage import Carriage
from mockserver.engine.trouble.fault import CALL, FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.setting import HEADERS, setting

_DATE: Final = re.compile(r"\{in (-?)([0-9.]+[a-z]+)\}")

_FARTHEST: Final = parse_span("10000d")


@dataclass(frozen=True)
class ExtraHeaders(Fault):
    """The reply has headers that the contract does not know."""

    meets: ClassVar = frozenset({CALL, FILE})
    headers: Mapping[str, str] = setting(
        {"Retry-After": "2"},
        HEADERS,
        "names and values; '{in 3s}' in a value is the date so much later, '{in -10m}' so much "
        "earlier, on the account's clock",
    )

    def __post_init__(self) -> None:
        for value in self.headers.values():
            for _, span in _DATE.findall(value):
                if parse_span(span) > _FARTHEST:
                    raise ValueError(f"{span} is no way from now to a date; write 10000d at most")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Add the headers to the reply to a call."""
        return self.spoil_file(reply, act)

    def spoil_file(self, reply: Reply, act: Act) -> Reply:
        """Add the headers, in place of those of the same name."""
        known = {name.lower() for name in self.headers}
        kept = (pair for pair in reply.headers if pair[0].lower() not in known)

        def write(match: re.Match[str]) -> str:
            span = parse_span(match[2])
            moment = act.at - span if match[1] else act.at + span
            return formatdate(-(-moment // 1000), usegmt=True)  # up, for dates have no fractions

        added = ((name, _DATE.sub(write, value)) for name, value in self.headers.items())
        # Carried, since only so a header of the server itself, such as the date, is replaced.
        carriage = reply.carriage or Carriage()
        return replace(reply, headers=(*kept, *added), carriage=carriage)
