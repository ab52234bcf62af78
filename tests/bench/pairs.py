"""The engine alone, without a socket: submit, move the clock, see the task succeed.

`python -m tests.bench.pairs SECONDS` prints the pairs per second.
"""

import json
import sys
from collections.abc import Mapping
from time import perf_counter

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.call import Call
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from tests.bench.emulator import PLENTY, PROVIDER
from tests.bench.load import NUMBER
from tests.bench.wire import KEY, build_body

STEP = 600_000  # milliseconds; by then every task has ended
CHUNK = 250  # pairs between two looks at the time
SUBMIT = "createTask"
INSPECT = "recordInfo"


class Pairs:
    """One account of an engine whose clock is moved by hand."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._clock = ManualClock()
        self._engine = Engine([contract], self._clock, Settings())
        self._before, self._after = build_body().encode().split(NUMBER)
        account = self._engine.open_account(KEY)
        account.tier = "unlimited"
        account.open_holding(contract).ledger.set_balance(self._clock.now(), PLENTY * 1000)

    def run(self, number: int) -> None:
        """One pair; raises ValueError if the task did not succeed."""
        raw = self._before + b"%08d" % number + self._after
        reply = self._answer(SUBMIT, {}, raw, json.loads(raw))
        task = json.loads(reply)["data"]["taskId"]
        self._clock.advance(STEP)
        reply = self._answer(INSPECT, {"taskId": task})
        if b'"state":"success"' not in reply:
            raise ValueError(f"task {task} did not succeed: {reply[:300]!r}")

    def _answer(
        self, operation: str, query: Mapping[str, str], raw: bytes = b"", body: object = None
    ) -> bytes:
        call = Call(
            self._contract,
            self._contract.operations[operation],
            KEY,
            "http://127.0.0.1:8787",
            self._contract.operations[operation].path,
            {"content-type": "application/json"},
            query,
            {},
            raw,
            body,
        )
        return self._engine.answer(call).body


def measure(seconds: float) -> float:
    """Pairs per second, after some that do not count."""
    pairs = Pairs(load(contracts_dir() / PROVIDER))
    number = 0
    for _ in range(2 * CHUNK):
        pairs.run(number := number + 1)
    begin, first = perf_counter(), number
    while perf_counter() - begin < seconds:
        for _ in range(CHUNK):
            pairs.run(number := number + 1)
    return (number - first) / (perf_counter() - begin)


if __name__ == "__main__":
    sys.stdout.write(f"{measure(float(sys.argv[1]))}\n")
