"""The runner: trials side by side, each with its own account, and nothing left behind."""

import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
import pytest

from mockserver.conformance.case import Case, Setting, Trial
from mockserver.conformance.client import Client, Command, Errand, Function
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.ports import FreePorts
from mockserver.conformance.reports.terminal import write_judgement
from mockserver.conformance.runner import Suite, estimate_seconds, run_suite
from mockserver.conformance.stage import SECRET, Stage
from mockserver.conformance.verdict import Finding, Severity, Verdict
from mockserver.engine.call import Call, Reply
from mockserver.engine.engine import Engine
from mockserver.errors import UsageError
from mockserver.web.files import Files
from tests.conformance.judgements import KIE
from tests.conformance.small_client import call, generate, save, submit, wait


def judge_end(evidence: Evidence) -> Iterator[Finding]:
    yield Finding(evidence.run.succeeded, "it succeeds", evidence.run.errors)


def plan(name: str = "TST-01", setting: Setting | None = None, **changed: Any) -> Trial:
    """A trial whose case wants success, or what `changed` says of it."""
    setting = setting or Setting({"pace": "instant"})
    whole: dict[str, Any] = {
        "id": name,
        "title": "is tried",
        "severity": Severity.MUST,
        "source": "this page",
        "judge": judge_end,
        "requirement": "It succeeds.",
        "needs": frozenset(),
        "asks": frozenset(),
        "settings": lambda _: {"": setting},
    }
    return Trial(Case(**{**whole, **changed}), name, setting)


def run(client: Client, *trials: Trial, **settings: Any) -> dict[str, Judgement]:
    suite = Suite(KIE, trials, **settings)
    return {judgement.trial.name: judgement for judgement in run_suite(suite, client)}


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_trials_run_apart_and_leave_no_folder(scratch: Path) -> None:
    """Each trial has an account, a key and a folder of its own, which are gone at the end."""
    seen: list[Errand] = []

    def order(errand: Errand) -> None:
        assert not list(errand.folder.iterdir())
        seen.append(errand)
        generate(errand)

    names = [f"TST-0{number}" for number in range(5)]
    found = run(Function(order), *(plan(name) for name in names), jobs=3)

    assert {name: each.verdict for name, each in found.items()} == dict.fromkeys(names, "pass")
    assert all(len(each.evidence.tasks) == 1 for each in found.values() if each.evidence)
    for values in ([e.api_key for e in seen], [e.folder for e in seen]):
        assert len(set(values)) == len(names)
    assert len({errand.callback_port for errand in seen}) == len(names)
    assert not list(scratch.iterdir())


def test_a_client_finds_everything_in_its_environment() -> None:
    """Address, key, prompt, port and secret are variables; the address is a bare origin."""
    seen: list[Errand] = []
    run(Function(seen.append), plan())

    (errand,) = seen
    assert errand.variables["KIE_BASE_URL"] == errand.base_url
    assert errand.base_url.count("/") == 2
    assert errand.variables["KIE_API_KEY"] == errand.api_key
    assert errand.variables["MOCKSERVER_PROMPT"] == errand.prompt
    assert errand.variables["MOCKSERVER_CALLBACK_PORT"] == str(errand.callback_port)
    assert errand.variables["MOCKSERVER_WEBHOOK_SECRET"] == SECRET


def test_a_trial_may_set_variables_of_its_own() -> None:
    """They stand in place of those that every client gets, in this trial alone."""
    seen: list[Errand] = []
    setting = Setting(variables={"MOCKSERVER_WEBHOOK_SECRET": "", "FOX": "red"})
    run(Function(seen.append), plan(setting=setting), plan("TST-02"), jobs=1)

    found = {each.variables["MOCKSERVER_WEBHOOK_SECRET"]: each.variables for each in seen}
    assert found.keys() == {"", SECRET}
    assert (found[""]["FOX"], "FOX" in found[SECRET]) == ("red", False)


STRAYING = "import pathlib; pathlib.Path('../../a.png').write_bytes(b''); open('own.png', 'w')"


@pytest.mark.parametrize(
    "client",
    [
        Command([sys.executable, "-c", STRAYING]),
        Function(lambda errand: (errand.folder / "../../a.png").write_bytes(b"")),
    ],
    ids=["command", "function"],
)
def test_files_that_a_client_leaves_above_its_folder_are_seen(
    scratch: Path, client: Client
) -> None:
    """They are told apart from its own, and are gone at the end."""
    evidence = run(client, plan())["TST-01"].evidence

    assert evidence is not None
    assert evidence.run.strays == ("a.png",)
    assert "a.png" not in evidence.run.files
    assert not list(scratch.iterdir())


def test_the_longest_trials_are_begun_first() -> None:
    """What watches on, or waits for a deadline, is not what everybody waits for at the end."""
    begun: list[str] = []
    trials = [
        plan("TST-01"),
        plan("TST-02", Setting(quiet=0.1)),
        plan("TST-03", asks=frozenset({Ability.DEADLINE})),
        plan("TST-04", Setting(patience=60.0)),
    ]
    suite = Suite(KIE, tuple(trials))
    run(Function(lambda errand: begun.append(errand.api_key[8:14])), *trials, jobs=1)

    assert begun == ["tst-04", "tst-03", "tst-02", "tst-01"]
    assert estimate_seconds(suite, trials[0]) == 0


def test_a_trial_without_an_account_is_our_own_mistake() -> None:
    """The other trials go on; nothing is said about the client."""
    odd = plan("TST-02", Setting({"pace": "instant"}, account={"tier": "no-such-tier"}))
    found = run(Function(generate), plan(), odd)

    assert found["TST-01"].verdict == Verdict.PASS
    assert found["TST-02"].verdict == Verdict.HARNESS_ERROR
    assert "no account could be opened" in found["TST-02"].reason


def test_a_client_is_not_blamed_for_what_the_emulator_does_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exception of the server is shown as ours with its text, and the other trials go on."""
    answer = Engine.answer

    def choke(self: Engine, call: Call) -> Reply:
        if "tst-02" in str(call.key) and call.operation.id == "recordInfo":
            raise KeyError("no such state")
        return answer(self, call)

    monkeypatch.setattr(Engine, "answer", choke)
    found = run(Function(generate), plan(), plan("TST-02"), plan("TST-03"), jobs=3)

    assert {name: each.verdict for name, each in found.items()} == {
        "TST-01": Verdict.PASS,
        "TST-02": Verdict.HARNESS_ERROR,
        "TST-03": Verdict.PASS,
    }
    broken = found["TST-02"]
    assert re.fullmatch(
        r"the emulator failed: KeyError: 'no such state' \(test_runner.py, line \d+\)",
        broken.reason,
    )
    assert broken.is_red()
    assert "ERROR  TST-02" in click.unstyle(write_judgement(broken))


def test_what_breaks_where_nobody_is_named_is_no_clients_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file is fetched without a key; whoever was at it then is not judged by what came of it."""

    async def choke(*_: object) -> None:
        raise ZeroDivisionError("no pixels")

    monkeypatch.setattr(Files, "answer", choke)
    (judgement,) = run(Function(generate), plan()).values()

    assert judgement.verdict == Verdict.HARNESS_ERROR
    assert "the emulator failed: ZeroDivisionError: no pixels" in judgement.reason


def test_a_mistake_in_a_case_is_our_own() -> None:
    """A judge that raises says nothing about the client."""

    def choke(evidence: Evidence) -> Iterator[Finding]:
        yield Finding(True, "it is looked at", str(evidence.requests[99]))

    (judgement,) = run(Function(generate), plan(judge=choke)).values()
    assert judgement.verdict == Verdict.HARNESS_ERROR
    assert "IndexError in the case itself" in judgement.reason


def test_what_a_client_cannot_do_is_not_asked_of_it() -> None:
    """A declared lack makes a trial not applicable, without a run."""
    trial = plan(asks=frozenset({Ability.DOWNLOAD}))
    found = run(Function(lambda _: pytest.fail("it ran")), trial, lacks={Ability.DOWNLOAD})

    assert found["TST-01"].verdict == Verdict.NOT_APPLICABLE


def test_a_fault_that_is_not_met_is_no_pass() -> None:
    """However well the client ends: what was planned did not happen."""
    faults = [{"fault": "reset", "operation": "inspect", "nth": 30}]
    trial = plan("TST-01", Setting({"pace": "instant", "faults": faults}))
    (judgement,) = run(Function(generate), trial).values()

    assert judgement.verdict == Verdict.NOT_EXERCISED
    assert "planned and not met: reset" in judgement.reason


def test_strays_are_evidence_in_their_place() -> None:
    """A request that no operation is served for is seen, and numbered with the others."""

    def stray(errand: Errand) -> None:
        with pytest.raises(OSError, match="404"):
            call(errand, "/api/v1/no-such-place")
        generate(errand)

    found = run(Function(stray), plan(), plan("TST-02"))
    for judgement in found.values():
        assert judgement.evidence is not None
        requests = judgement.evidence.requests
        assert [each.seq for each in requests] == list(range(len(requests)))
        assert requests[0].target == "/api/v1/no-such-place"
        assert [each.operation for each in requests].count(None) == 1


def test_whoever_breaks_off_ends_every_client(scratch: Path) -> None:
    """Closing the iterator comes back soon, though clients would run on, and leaves nothing."""
    code = "echo up > {folder}/up; sleep 60"
    quick = plan("TST-00", Setting(patience=0.01), asks=frozenset())
    slow = [plan(f"TST-0{number}") for number in range(1, 4)]
    suite = Suite(KIE, (quick, *slow), patience=60.0, jobs=2)
    with closing(run_suite(suite, Command(["sh", "-c", code]))) as running:
        first = next(running)

    assert first.trial.name == "TST-00"
    assert not list(scratch.iterdir())


def test_a_program_that_cannot_be_run_ends_the_suite() -> None:
    """A file that only looks like a program is told once, and not as a finding of each trial."""
    broken = Command(["sh"])
    broken.arguments = ("/dev/null",)

    with pytest.raises(UsageError, match="/dev/null cannot be run"):
        run(broken, plan(), plan("TST-02"))


class Ear(BaseHTTPRequestHandler):
    """Takes callbacks."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        self.server.heard.set()  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def listen(errand: Errand) -> None:
    """A client that never polls until it was called back."""
    with HTTPServer(("127.0.0.1", errand.callback_port), Ear) as server:
        heard = server.heard = Event()  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            task = submit(errand, callBackUrl=f"http://127.0.0.1:{errand.callback_port}/done")
            if not heard.wait(10):
                raise TimeoutError("nobody called back")
            save(errand, wait(errand, task))
        finally:
            server.shutdown()
            thread.join()


def judge_callback(evidence: Evidence) -> Iterator[Finding]:
    for callback in evidence.callbacks:
        yield Finding(callback.standing == "delivered", "a callback is taken", callback.standing)


def test_callbacks_go_to_a_client_that_listens_and_are_not_made_up_for_others() -> None:
    """One that names its address is called back there; one that names none is not judged by it."""
    trial = plan(setting=Setting({"pace": {"takes": "1s"}}), judge=judge_callback)
    twice = Setting({"faults": [{"fault": "callback-twice"}]})
    lost = plan(setting=twice, judge=judge_callback, asks=frozenset({Ability.CALLBACKS}))
    (heard,) = run(Function(listen), trial).values()
    (deaf,) = run(Function(generate), replace(trial)).values()
    (unmet,) = run(Function(submit), lost).values()

    assert heard.verdict == Verdict.PASS
    assert heard.evidence is not None
    assert [each.moment for each in heard.evidence.callbacks] == ["succeeded"]
    assert deaf.verdict == Verdict.NOT_EXERCISED
    assert (unmet.verdict, "asked for no callback" in unmet.reason) == (Verdict.NOT_EXERCISED, True)


def test_an_account_is_fresh_and_has_the_same_name_in_every_run() -> None:
    """Trials that are run again do not meet their own past, and their draws are the same."""
    trial = plan()
    for _ in range(2):
        with Stage(KIE, (), [trial]) as stage, ThreadPoolExecutor(4) as pool:
            keys = pool.map(lambda _: stage.open_account(trial).api_key, range(8))
            assert {key.partition(".")[0] for key in keys} == {
                f"sk-mock-tst-01-{number}" for number in range(1, 9)
            }


def test_no_port_is_given_twice() -> None:
    """Clients that run at the same time never listen on the same port."""
    ports = FreePorts()
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: ports.take(), range(100)))

    assert len(set(given)) == len(given)
