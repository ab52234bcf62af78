"""Who may import whom: one straight line, and a few libraries with one home each."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A module imports modules of lines below its own; never above, never beside.
LAYERS = [
    ["__init__", "__main__"],
    ["cli", "plugin"],
    ["conformance"],
    ["embedded", "transports"],
    ["server", "checks", "selection"],
    ["control_client"],
    ["web"],
    ["faults"],
    ["record", "media"],
    ["engine"],
    ["contract"],
    ["clock", "draw", "data", "variables", "version"],
    ["errors", "hint"],
]

# What never does input, output or waiting.
PURE = ["faults", "record", "media", "engine", "contract"]
IMPURE_LIBRARIES = [
    *["asyncio", "anyio", "threading", "concurrent", "multiprocessing", "subprocess", "signal"],
    *["socket", "socketserver", "ssl", "select", "selectors"],
    *["http.client", "http.server", "urllib.request"],
    *["starlette", "uvicorn", "httptools", "h11", "httpx", "httpcore", "requests"],
]

# Libraries that only the named modules may import.
HOMES = {
    "time": ["clock", "draw"],
    "random": ["clock", "draw"],
    "uuid": ["clock", "draw"],
    "secrets": ["clock", "draw"],
    "jsonschema_rs": ["contract.validate"],
    "schemathesis": ["checks"],  # users of the emulator need not have it
    "av": ["media"],
    "PIL": ["media"],
    "python_multipart": ["web"],
    "starlette": ["cli", "conformance", "server", "web"],
    "uvicorn": ["cli", "conformance", "server", "web"],
    "httptools": ["cli", "conformance", "server", "web"],
    "h11": ["cli", "conformance", "server", "web"],
}

LINE_OF = {name: line for line, names in enumerate(LAYERS) for name in names}


@dataclass(frozen=True)
class Module:
    """One Python file of the package; `name` is dotted and starts below the package."""

    path: str
    name: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]

    @property
    def package(self) -> list[str]:
        """The dotted parts that a relative import starts from."""
        parts = ["mockserver", *self.name.split(".")]
        return parts[:-1]


def read_modules(root: Path) -> list[Module]:
    """Every module under mockserver/, a package's own as `package.__init__`."""
    modules = []
    for file in sorted((root / "mockserver").rglob("*.py")):
        name = ".".join(file.relative_to(root / "mockserver").with_suffix("").parts)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        modules.append(Module(file.relative_to(root).as_posix(), name, tree))
    return modules


def list_imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported, wherever the import stands."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module.package[: len(module.package) - node.level + 1] if node.level else []
            prefix = [*start, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*prefix, alias.name])) for alias in node.names)


def covers(names: list[str], dotted: str) -> bool:
    """Whether one of the names is the dotted name or a package around it."""
    return any(f"{dotted}.".startswith(f"{name}.") for name in names)


def find_strangers(root: Path) -> list[str]:
    """Modules that have no place in LAYERS."""
    return [
        f"{module.path}: mockserver.{module.layer} has no place in LAYERS; give it one"
        for module in read_modules(root)
        if module.layer not in LINE_OF
    ]


def find_wrong_way_imports(root: Path) -> list[str]:
    """Imports inside the package that do not go down the line."""
    problems = []
    for module in read_modules(root):
        for line, dotted in list_imports(module):
            package, _, inner = dotted.partition(".")
            target = inner.partition(".")[0] or "__init__"
            if package != "mockserver" or target == module.layer:
                continue
            if LINE_OF.get(target, -1) <= LINE_OF.get(module.layer, -1):
                problems.append(
                    f"{module.path}:{line}: {module.layer} imports {dotted}, "
                    f"which is not below it in LAYERS"
                )
    return problems


def find_impure_imports(root: Path) -> list[str]:
    """Imports that would let a pure layer wait or talk to the world."""
    return [
        f"{module.path}:{line}: {module.layer} is pure and may not import {dotted}"
        for module in read_modules(root)
        if module.layer in PURE
        for line, dotted in list_imports(module)
        if covers(IMPURE_LIBRARIES, dotted)
    ]


def find_strayed_libraries(root: Path) -> list[str]:
    """Imports of a library outside its homes."""
    return [
        f"{module.path}:{line}: {library} is imported only by {', '.join(homes)}"
        for module in read_modules(root)
        for line, dotted in list_imports(module)
        for library, homes in HOMES.items()
        if covers([library], dotted) and not covers(homes, module.name)
    ]


def find_clock_readings(root: Path) -> list[str]:
    """Calls of datetime.now and its kin outside clock."""
    return [
        f"{module.path}:{node.lineno}: only mockserver/clock.py may call {ast.unparse(node)}"
        for module in read_modules(root)
        if module.layer != "clock"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and ast.unparse(node.value).rpartition(".")[2] in {"datetime", "date"}
    ]


RULES = [
    find_strangers,
    find_wrong_way_imports,
    find_impure_imports,
    find_strayed_libraries,
    find_clock_readings,
]

# One offence per line: where it stands, the offending text, and what the complaint says.
OFFENCES = [
    ("gadget.py", "", "gadget.py: mockserver.gadget has no place"),
    ("engine/task.py", "import mockserver.web.app", "engine imports mockserver.web.app"),
    ("engine/task.py", "from mockserver import web", "engine imports mockserver.web"),
    ("engine/task.py", "from mockserver import MockServer", "engine imports mockserver.MockServer"),
    ("engine/task.py", "import mockserver", "engine imports mockserver,"),
    ("engine/task.py", "from ..web.app import App", "engine imports mockserver.web.app.App"),
    ("engine/__init__.py", "from .. import web", "engine imports mockserver.web"),
    ("engine/task.py", "def run():\n    import mockserver.cli", "task.py:2: engine imports"),
    ("record/har.py", "from mockserver.media import png", "record imports mockserver.media.png"),
    ("media/png.py", "import mockserver.record", "media imports mockserver.record"),
    ("errors.py", "import mockserver.clock", "errors imports mockserver.clock"),
    ("contract/load.py", "import asyncio", "contract is pure"),
    ("media/png.py", "from urllib.request import urlopen", "media is pure"),
    ("faults/reset.py", "import httpx", "faults is pure"),
    ("engine/task.py", "from time import monotonic", "time is imported only by clock, draw"),
    ("web/app.py", "import uuid", "uuid is imported only by clock, draw"),
    ("server.py", "import secrets", "secrets is imported only by clock, draw"),
    ("contract/load.py", "import jsonschema_rs", "only by contract.validate"),
    ("plugin.py", "import schemathesis", "schemathesis is imported only by checks"),
    ("plugin.py", "from starlette.requests import Request", "starlette is imported only by cli"),
    ("web/app.py", "import datetime\ndatetime.datetime.now()", "app.py:2: only mockserver/clock"),
    ("draw.py", "from datetime import date\ndate.today()", "may call date.today"),
]

HARMLESS = [
    ("clock.py", "import time\nfrom datetime import datetime\ndatetime.now()"),
    ("contract/validate.py", "import jsonschema_rs\nimport mockserver.errors"),
    ("engine/task.py", "from . import call\nfrom mockserver.contract.model import Contract"),
    ("engine/task.py", "from urllib.parse import quote\ndef age(clock): return clock.now()"),
    ("web/app.py", "import asyncio, httpx, starlette\nfrom mockserver.engine import engine"),
    ("__init__.py", "def __getattr__(name):\n    from mockserver.server import MockServer"),
]


def find_all(root: Path) -> list[str]:
    return [problem for rule in RULES for problem in rule(root)]


def write_module(root: Path, path: str, text: str) -> None:
    file = root / "mockserver" / path
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_each_rule(rule: Callable[[Path], list[str]]) -> None:
    """No module of the package breaks a rule of this page."""
    problems = rule(ROOT)

    assert not problems, "\n".join(problems)


def test_the_package_is_found() -> None:
    """The rules look at real modules, so that silence means something."""
    assert "data" in {module.name for module in read_modules(ROOT)}


@pytest.mark.parametrize(("path", "text", "complaint"), OFFENCES)
def test_each_offence_is_named_once(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    """One wrong import gives one complaint that says where it stands and what is wrong."""
    write_module(tmp_path, path, text)

    (problem,) = find_all(tmp_path)

    assert path in problem
    assert complaint in problem


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_what_is_allowed_stays_silent(tmp_path: Path, path: str, text: str) -> None:
    """Imports down the line and libraries at home are no offence."""
    write_module(tmp_path, path, text)

    assert not find_all(tmp_path)
