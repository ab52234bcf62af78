"""Other mock servers to compare with: where `make bench-peers` put them, how they are started."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.bench.target import Target
from tests.bench.wire import build_poll

HERE = Path(__file__).parent
PRISM = "Prism"
WIREMOCK = "WireMock"
PROBE = build_poll("ready")


def find_peers(folder: Path, java_warm_up: float) -> Iterator[Target]:
    """The peers that are installed under a folder; Java's needs seconds of load to get quick."""
    node = folder / "node/node_modules/node/bin/node"
    prism = folder / "servers/node_modules/@stoplight/prism-cli/dist/index.js"
    if node.exists() and prism.exists():
        command = [str(node), str(prism), "mock", "--host", "127.0.0.1", str(HERE / "prism.json")]
        yield Target(PRISM, lambda port: [*command, "--port", str(port)], PROBE)
    java = find_java()
    jars = sorted((folder / "servers/node_modules/wiremock/build").glob("wiremock-*.jar"))
    if java and jars:
        run = [java, "-jar", str(jars[-1]), "--root-dir", str(HERE / "wiremock")]
        # Its journal would grow without end; chunks would cost it, and the load, time.
        lean = ["--no-request-journal", "--use-chunked-encoding", "never", "--disable-banner"]
        local = ["--bind-address", "127.0.0.1"]
        yield Target(
            WIREMOCK,
            lambda port: [*run, *lean, *local, "--port", str(port)],
            PROBE,
            java_warm_up,
        )


def find_java() -> str | None:
    """The Java that is asked for, or the one on the path."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home, "bin/java")) if home else shutil.which("java")
