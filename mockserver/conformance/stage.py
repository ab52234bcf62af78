"""The stage: an emulator in which every trial has its own account and its own scenario."""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from mockserver.conformance.breakdown import Breakdowns
from mockserver.conformance.case import Trial
from mockserver.conformance.ports import FreePorts
from mockserver.contract.model import Contract
from mockserver.control_client.views import RequestView
from mockserver.embedded.access import Access
from mockserver.embedded.account import ProviderAccount
from mockserver.embedded.mock_server import MockServer

SECRET: Final = "whsec-conformance"


class Stage:
    """Servers for the trials of a suite: one for each edition that a trial asks for.

    Result files have a port of their own, so that a key is seen that is sent there.
    """

    def __init__(
        self, contract: Contract, folders: Iterable[Path], trials: Iterable[Trial]
    ) -> None:
        self._contract = contract
        self._folders = tuple(folders)
        self._trials = tuple(trials)
        self._servers: dict[str, MockServer] = {}
        self._strays: dict[str, Strays] = {}
        self._opened: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._undo = ExitStack()
        self.ports = FreePorts()
        self.breakdowns = Breakdowns()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self.breakdowns)
            editions = {self._find_edition(trial) for trial in self._trials}
            for edition in sorted(editions):
                # No edition is asked for what only another one can show.
                scenarios = Path(undo.enter_context(TemporaryDirectory(prefix="conform-")))
                for trial in self._trials:
                    if self._find_edition(trial) == edition:
                        write_scenario(scenarios, trial)
                server = MockServer(
                    self._contract.name,
                    contracts=self._folders,
                    edition=edition,
                    scenarios=[scenarios],
                    separate_files=True,
                )
                self._servers[edition] = undo.enter_context(server)
                self._strays[edition] = Strays(server)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def open_account(self, trial: Trial) -> ProviderAccount:
        """A fresh account, in the trial's scenario; raises a MockServerError if there is none."""
        server = self._servers[self._find_edition(trial)]
        setting = trial.setting
        scenario = name_scenario(trial) if setting.scenario else None
        account = server.account(self._name_account(trial), scenario).at(self._contract.name)
        account.change(**{"webhook_secret": SECRET, **setting.account})
        if setting.credits is not None:
            account.set_credits(setting.credits)
        return account

    def list_requests(self, trial: Trial, account: ProviderAccount) -> list[RequestView]:
        """What came with a trial's key, whether it reached the account or not; in order."""
        strays = self._strays[self._find_edition(trial)].select(account.api_key)
        found = sorted((*account.requests, *strays), key=lambda request: request.number)
        return [replace(request, seq=seq) for seq, request in enumerate(found)]

    def _name_account(self, trial: Trial) -> str:
        """A name that is the same in every run of a suite, and used once."""
        name = name_scenario(trial)
        with self._lock:
            self._opened[name] += 1
            return f"{name}-{self._opened[name]}"

    def _find_edition(self, trial: Trial) -> str:
        return trial.setting.edition or self._contract.edition


class Strays:
    """The requests that reached no account; each is asked for once, however many trials look."""

    def __init__(self, server: Access) -> None:
        self._server = server
        self._found: list[RequestView] = []
        self._last = 0
        self._lock = threading.Lock()

    def select(self, key: str) -> list[RequestView]:
        """Those that were sent with a key."""
        with self._lock:
            for request in self._server.list_since(self._last):
                self._last = max(self._last, request.number)
                if request.account is None:
                    self._found.append(request)
            sent = f"Bearer {key}"
            return [each for each in self._found if each.headers.get("authorization") == sent]


def name_scenario(trial: Trial) -> str:
    """The name of the scenario that is written for a trial."""
    return trial.name.lower().replace("/", "-").replace("_", "-")


def write_scenario(folder: Path, trial: Trial) -> None:
    """Write a trial's scenario file, if it has a scenario of its own."""
    if trial.setting.scenario:
        words: Mapping[str, Any] = {
            "sentence": f"A client {trial.case.title}.",
            **trial.setting.scenario,
        }
        (folder / f"{name_scenario(trial)}.yaml").write_text(json.dumps(words), "utf-8")
