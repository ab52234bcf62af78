"""The client of the control API: asks a running server, and changes things in it.

`ControlClient` waits for its answers, `AsyncControlClient` is awaited; both have the methods of
`Calls`. What goes wrong is one error, `mockserver.errors.ControlFailed`.
"""

from mockserver.control_client.client import AsyncControlClient, ControlClient

__all__ = ["AsyncControlClient", "ControlClient"]
