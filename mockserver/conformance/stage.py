"""The stage: an emulator in which every trial has its own account and its own scenario."""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from mockserver.conformance.case import Trial
from mockserver.contract.model import Contract
from mockserver.embedded.account import ProviderAccount
from mockserver.embedded.mock_server import MockServer

SECRET = "whsec-conformance"


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
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            scenarios = Path(undo.enter_context(TemporaryDirectory()))
            for trial in self._trials:
                write_scenario(scenarios, trial)
            editions = {self._find_edition(trial) for trial in self._trials}
            for edition in sorted(editions):
                server = MockServer(
                    self._contract.name,
                    contracts=self._folders,
                    edition=edition,
                    scenarios=[scenarios],
                    separate_files=True,
                )
                self._servers[edition] = undo.enter_context(server)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def open_account(self, trial: Trial) -> ProviderAccount:
        """A fresh account, in the trial's scenario."""
        server = self._servers[self._find_edition(trial)]
        setting = trial.setting
        scenario = name_scenario(trial) if setting.scenario else None
        account = server.account(scenario=scenario).at(self._contract.name)
        account.change(**{"webhook_secret": SECRET, **setting.account})
        if setting.credits is not None:
            account.set_credits(setting.credits)
        return account

    def _find_edition(self, trial: Trial) -> str:
        return trial.setting.edition or self._contract.edition


def name_scenario(trial: Trial) -> str:
    """The name of the scenario that is written for a trial."""
    return trial.name.lower().replace("/", "-")


def write_scenario(folder: Path, trial: Trial) -> None:
    """Write a trial's scenario file, if it has a scenario of its own."""
    if trial.setting.scenario:
        words: Mapping[str, Any] = {
            "sentence": f"A client {trial.case.title}.",
            **trial.setting.scenario,
        }
        (folder / f"{name_scenario(trial)}.yaml").write_text(json.dumps(words), "utf-8")
