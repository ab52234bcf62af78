"""The verdict on a test: what its code under test did against the contract, for people to read."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from mockserver.control_client.views import RequestView
from mockserver.plugin.difference import write_difference

if TYPE_CHECKING:
    from mockserver.embedded.account import ProviderAccount

SHOWN: Final = 5  # requests of one account


def judge(accounts: "Sequence[ProviderAccount]") -> str:
    """What is wrong with the requests of some accounts, or was missing; empty if all is well."""
    found = [part for account in accounts for part in _judge_account(account)]
    unmet = [f"  {plan}" for account in accounts for plan in account.unmet]
    if unmet:
        found.append("\n".join(["Planned, and never met:", *unmet]))
    if not found:
        return ""
    way_out = "A test that means to do this says so: @pytest.mark.mock_allow_violations"
    return "\n\n".join([*found, way_out])


def _judge_account(account: "ProviderAccount") -> Iterator[str]:
    broken: Sequence[RequestView] = sorted(
        [*account.violations, *account.strays], key=lambda request: request.at
    )
    if broken:
        times = "1 request" if len(broken) == 1 else f"{len(broken)} requests"
        yield f"{times} broke the contract of {account.provider} (- sent, + expected):"
    for request in broken[:SHOWN]:
        yield "\n".join([_write_title(request), *write_difference(request)])
    if len(broken) > SHOWN:
        yield f"… and {len(broken) - SHOWN} more"


def _write_title(request: RequestView) -> str:
    refused = f", refused: {request.condition}" if request.condition else ""
    return f"{request.method} {request.target}   answered {request.status}{refused}"
