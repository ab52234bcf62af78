"""Other mock servers to compare with: where `make bench-peers` put them, how they are started."""

import json
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
    packages = folder / "servers/node_modules"
    node = folder / "node/node_modules/node/bin/node"
    prism = packages / "@stoplight/prism-cli"
    if node.exists() and prism.exists():
        yield build_prism(node, prism)
    java = find_java()
    wiremock = packages / "wiremock"
    if java and wiremock.exists():
        yield build_wiremock(java, wiremock, java_warm_up)


def build_prism(node: Path, package: Path) -> Target:
    """Prism with its defaults; it says much, to nobody."""
    command = [str(node), str(package / "dist/index.js"), "mock", "--host", "127.0.0.1"]
    document = str(HERE / "prism.json")
    return Target(
        PRISM,
        lambda port: [*command, "--port", str(port), document],
        PROBE,
        version=read_version(package),
    )


def build_wiremock(java: str, package: Path, warm_up: float) -> Target:
    """WireMock without its journal, which has no bound, and without chunks, which cost time."""
    (jar,) = (package / "build").glob("wiremock-standalone-*.jar")
    command = [java, "-jar", str(jar), "--root-dir", str(HERE / "wiremock"), "--disable-banner"]
    lean = ["--no-request-journal", "--use-chunked-encoding", "never"]
    return Target(
        WIREMOCK,
        lambda port: [*command, *lean, "--bind-address", "127.0.0.1", "--port", str(port)],
        PROBE,
        warm_up,
        read_version(package),
    )


def read_version(package: Path) -> str:
    """The version that a package says it is."""
    return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])


def find_java() -> str | None:
    """The Java that is asked for, or the one on the path."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home, "bin/java")) if home else shutil.which("java")
