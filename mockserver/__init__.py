"""A local mock server and contract-testing toolkit for asynchronous image-generation APIs."""

TYPE_CHECKING = False  # as `typing` has it, which is slow to import
if TYPE_CHECKING:
    from mockserver.embedded.account import Account, ProviderAccount
    from mockserver.embedded.mock_server import MockServer
    from mockserver.embedded.remote_server import RemoteServer

__all__ = ["Account", "MockServer", "ProviderAccount", "RemoteServer"]

_HOMES = {
    "Account": "account",
    "MockServer": "mock_server",
    "ProviderAccount": "account",
    "RemoteServer": "remote_server",
}


def __getattr__(name: str) -> object:
    """A public name, read when it is first asked for: most users of this package need none."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"mockserver.embedded.{_HOMES[name]}"), name)
    return found
