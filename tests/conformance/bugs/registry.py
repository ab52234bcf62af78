"""The registry of bugs for the reference client, each under its name, and ways to put one in."""

from collections.abc import Callable
from typing import Any, Final

from imagejobs.dialects.generate import Generate
from imagejobs.dialects.jobs import Jobs
from imagejobs.models import Task
from tests.clients import bugs

Patch = Callable[[Any, str, Any], None]  # as setattr

OWN: Final[dict[str, Callable[[Patch], None]]] = {}
DIALECTS: Final = (Jobs, Generate)


def switch_on(name: str, patch: Patch = setattr) -> None:
    """Put one bug in; `patch` is setattr, or a monkeypatch's, which takes it out again."""
    ({**bugs.BUGS, **OWN})[name](patch)


def bug(name: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Give a bug its name."""

    def register(put: Callable[[Patch], None]) -> Callable[[Patch], None]:
        OWN[name] = put
        return put

    return register


def patch_dialects(patch: Patch, name: str, change: Callable[[Any], Any]) -> None:
    """Change a method of every dialect."""
    for dialect in DIALECTS:
        patch(dialect, name, change(getattr(dialect, name)))


def patch_reading(patch: Patch, look: Callable[[Any, Task], Task]) -> None:
    """Let somebody look at the data of every task that is read, and change the task."""

    def change(read: Any) -> Any:
        return lambda self, data, task_id: look(data, read(self, data, task_id))

    patch_dialects(patch, "read_task", change)


def patch_ordering(patch: Patch, look: Callable[[str, Any], Any]) -> None:
    """Let somebody change the prompt and the body of every order."""

    def change(build: Any) -> Any:
        def build_submit(self: Any, prompt: str, order: Any) -> Any:
            path, body = build(self, *look(prompt, order))
            return path, body

        return build_submit

    patch_dialects(patch, "build_submit", change)
