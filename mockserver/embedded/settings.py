"""What a server in this process can be told, and what is said of settings that there are not."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypedDict

from mockserver.clock import Clock
from mockserver.errors import UsageError
from mockserver.hint import suggest


class ServerSettings(TypedDict, total=False):
    """The settings of a MockServer; all have defaults, those of `mockserver serve`."""

    contracts: str | Path | Iterable[str | Path]  # folders of further providers
    scenarios: str | Path | Iterable[str | Path]  # folders of further scenarios
    edition: str | Iterable[str]  # "observed", or "PROVIDER=observed"
    speed: float  # divides the time that tasks take; 10 by default, math.inf ends them at once
    seed: int  # same seed, same requests, same answers
    keys: Iterable[str] | None  # the only API keys that are let in; None lets every key in
    allow_callback_hosts: Iterable[str]  # that callbacks may go to, besides loopback
    clock: Clock  # the wall clock by default
    notice: Callable[[str], None]  # takes one line of the log
    separate_files: bool  # whether result files have a listener of their own


_NUMBERS: Final = {"speed": float | int, "seed": int}


def check_settings(settings: Mapping[str, object]) -> None:
    """Raise UsageError for a setting that there is not, or a text where a number is due."""
    known = list(ServerSettings.__annotations__)
    for name in settings:
        if name not in known:
            raise UsageError(f"MockServer has no setting {name!r}; {suggest(name, known)}")
    for name, kind in _NUMBERS.items():
        if not isinstance(settings.get(name, 0), kind):
            raise UsageError(f"{name}={settings[name]!r} is no number; give one, such as {name}=7")


def read_folders(folders: str | Path | Iterable[str | Path]) -> list[Path]:
    """Folders, where one alone need not stand in a list; raises UsageError for what is none."""
    found = [Path(each) for each in ([folders] if isinstance(folders, str | Path) else folders)]
    for folder in found:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder")
    return found


def read_names(names: str | Iterable[str]) -> tuple[str, ...]:
    """Names, where one alone need not stand in a list."""
    return (names,) if isinstance(names, str) else tuple(names)
