"""The load generator: a process of its own that keeps some connections busy in a closed loop.

`python -m tests.bench.load` reads a job as JSON on stdin and writes the outcome as JSON.
"""

import gc
import itertools
import json
import re
import selectors
import socket
import sys
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from time import perf_counter_ns, process_time

NUMBER = b"########"  # stands in a request for a number that no other request has
BLANK_LINE = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CHUNK = 65_536
SILENCE = 20.0  # seconds without any reply after which a server counts as stuck


@dataclass(frozen=True)
class Job:
    """What to send where, until the time is over or the count is reached."""

    port: int
    requests: list[str]  # sent in turn, again and again
    expect: str  # what stands in every right reply
    seconds: float
    count: int | None = None
    first_number: int = 0
    connections: int = 32


@dataclass(frozen=True)
class Outcome:
    """How it went; latencies in microseconds, from just before a send to the whole reply."""

    requests: int
    seconds: float
    p50: float
    p99: float
    cpu: float  # microseconds of our own processor time per request

    @property
    def rate(self) -> float:
        """Replies per second."""
        return self.requests / self.seconds


class WrongReply(Exception):
    """The server said something else, or nothing."""


class Connection:
    """One keep-alive connection with at most one request under way."""

    __slots__ = ("_head", "_parts", "_recv", "_send", "_total", "sent", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.sent = 0
        self._send = self.socket.send
        self._recv = self.socket.recv
        self._parts = b""
        self._head = b"\0"  # of the last reply, up to the blank line; a like one is as long
        self._total = 0

    def send(self, request: bytes) -> None:
        """Put a request on its way; requests are far smaller than the kernel's buffer."""
        self.sent = perf_counter_ns()
        if self._send(request) != len(request):
            raise WrongReply("the server does not read: a request was taken in part only")

    def read(self) -> bytes | None:
        """The reply's bytes once it is whole, else None."""
        data = self._recv(CHUNK)
        if not data:
            raise WrongReply(f"the server closed a connection after {self._parts[:200]!r}")
        if self._parts:
            data = self._parts + data
        if not data.startswith(self._head) and not self._learn(data):
            self._parts = data
            return None
        if len(data) < self._total:
            self._parts = data
            return None
        self._parts = b""
        return data

    def _learn(self, data: bytes) -> bool:
        """Read status and length from a new head; False while it is not whole."""
        end = data.find(BLANK_LINE)
        if end < 0:
            return False
        head = data[: end + len(BLANK_LINE)]
        length = LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise WrongReply(f"no 200 with Content-Length: {data[:400]!r}")
        self._head, self._total = head, len(head) + int(length[1])
        return True


def list_requests(job: Job) -> Iterator[bytes]:
    """The requests in turn, without end."""
    ready = [request.encode("latin-1") for request in job.requests]
    if NUMBER not in ready[0]:
        return itertools.cycle(ready)
    before, after = ready[0].split(NUMBER)
    return (before + b"%08d" % number + after for number in itertools.count(job.first_number))


def run(job: Job) -> Outcome:
    """Drive the server; raises WrongReply at the first reply that is not as expected."""
    requests = list_requests(job)
    connections = [Connection(job.port) for _ in range(job.connections)]
    latencies = array("Q")
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        gc.disable()
        start, used = perf_counter_ns(), process_time()
        drive(selector, connections, requests, job, latencies)
        seconds, used = (perf_counter_ns() - start) / 1e9, process_time() - used
    for connection in connections:
        connection.socket.close()
    latencies = array("Q", sorted(latencies))
    middle, high = (latencies[int(len(latencies) * share)] / 1e3 for share in (0.5, 0.99))
    return Outcome(len(latencies), seconds, middle, high, used * 1e6 / len(latencies))


def drive(
    selector: selectors.BaseSelector,
    connections: list[Connection],
    requests: Iterator[bytes],
    job: Job,
    latencies: "array[int]",
) -> None:
    """Answer each whole reply with the next request until the job is done, then drain."""
    expect = job.expect.encode("latin-1")
    budget = itertools.repeat(None, job.count) if job.count else itertools.repeat(None)
    deadline = perf_counter_ns() + int(job.seconds * 1e9)
    for connection, _ in zip(connections, budget, strict=False):
        connection.send(next(requests))
    busy = len(connections) if not job.count else min(len(connections), job.count)
    while busy:
        ready = selector.select(SILENCE)
        if not ready:
            raise WrongReply(f"no reply within {SILENCE:.0f} s")
        for key, _ in ready:
            connection = key.data
            reply = connection.read()
            if reply is None:
                continue
            now = perf_counter_ns()
            latencies.append(now - connection.sent)
            if expect not in reply:
                raise WrongReply(f"{job.expect!r} is not in {reply[:600]!r}")
            if now < deadline and next(budget, 0) is None:
                connection.send(next(requests))
            else:
                busy -= 1


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(asdict(run(Job(**json.load(sys.stdin))))))
    except (WrongReply, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
