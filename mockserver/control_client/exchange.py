"""An exchange with the control API, and how a client gets a method that makes it.

What is sent and how the answer is read is said once. As an attribute of a client it is a method
that does both: at once, or awaited.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

if TYPE_CHECKING:
    from mockserver.control_client.client import AsyncControlClient, ControlClient

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange(Generic[T]):
    """What is sent, and how the JSON that comes back is read."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)


class Call(Generic[P, T]):
    """A method that describes an exchange; on a client it makes it."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Exchange[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, client: None, kind: type) -> Self: ...
    @overload
    def __get__(self, client: "ControlClient", kind: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, client: "AsyncControlClient", kind: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Any, kind: type) -> Any:
        """The method of a client."""
        if client is None:
            return self

        @wraps(self._describe)
        def make(*given: P.args, **named: P.kwargs) -> Any:
            return client.make(self._describe(client, *given, **named))

        return make
