"""Free ports, for clients that listen to callbacks."""

import socket
import threading


class FreePorts:
    """Hands out loopback ports on which nobody listens, each of them once."""

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._lock = threading.Lock()

    def take(self) -> int:
        """A port that was not handed out before."""
        with self._lock:
            probes: list[socket.socket] = []
            try:
                while True:
                    # A port that is given already stays bound, so that the next one is another.
                    probe = socket.socket()
                    probes.append(probe)
                    probe.bind(("127.0.0.1", 0))
                    port: int = probe.getsockname()[1]
                    if port not in self._given:
                        self._given.add(port)
                        return port
            finally:
                for probe in probes:
                    probe.close()
