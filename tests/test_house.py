"""The house rules that a machine can check, for every file of the repository."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SOURCE = ["mockserver", "clients"]
MODULE_LINES = 250
FUNCTION_LINES = 40
README_LINES = 250

# Folders that tools make. A virtual environment is known by its pyvenv.cfg.
MADE_BY_TOOLS = {
    *[".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".schemathesis"],
    *["__pycache__", ".bench-peers", "build", "dist", "htmlcov"],
}

EMPTY_NAMES = {"util", "utils", "helper", "helpers", "base", "common", "misc"}

# Besides the folder names of contracts/: words, and the start of a path, of a provider's wire.
WIRE_WORDS = ["createTask", "recordInfo", "redpandaai"]
WIRE_PATH = "/api/"

# Brackets keep this page from finding itself.
PRIVATE_PLACES = [
    *[r"\bp[y]pi\.org", r"\bp[y]thonhosted\.org", r"\bn[p]mjs\.(?:org|com)", r"\bc[r]ates\.io"],
    *[r"(?<![\w.])/w[o]rk/", r"(?<![\w.])/r[o]ot/", r"(?<![\w.])/t[m]p/venv"],
]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def list_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that people wrote."""
    for entry in sorted(folder.iterdir()):
        if not entry.is_dir():
            yield entry
        elif entry.name not in MADE_BY_TOOLS and not (entry / "pyvenv.cfg").exists():
            yield from list_files(entry)


def list_modules(root: Path, folders: list[str]) -> Iterator[tuple[str, str]]:
    """Path and text of the Python files in some folders at the top."""
    for folder in folders:
        if (root / folder).is_dir():
            for file in list_files(root / folder):
                if file.suffix == ".py":
                    yield file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")


def list_functions(text: str) -> Iterator[Function]:
    """Every function of a module, methods and inner ones too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            yield node


def is_sentence(text: str) -> bool:
    """Several words that do not start small and end with a full stop."""
    return len(text.split()) > 1 and not text[0].islower() and text.rstrip().endswith(".")


def find_speechless_tests(root: Path) -> list[str]:
    """Test functions whose docstring does not say in a sentence what holds."""
    return [
        f"{path}:{function.lineno}: the docstring of {function.name} must be a sentence "
        f"that ends with a full stop"
        for path, text in list_modules(root, ["tests"])
        if path.rpartition("/")[2].startswith("test_")
        for function in list_functions(text)
        if function.name.startswith("test_") and not is_sentence(ast.get_docstring(function) or "")
    ]


def find_provider_names(root: Path) -> list[str]:
    """Lines of the package that know a provider, which is the business of contracts/."""
    contracts = root / "contracts"
    folders = [entry.name for entry in contracts.glob("*") if entry.is_dir()]
    words = "|".join(re.escape(word) for word in [*folders, *WIRE_WORDS])
    pattern = re.compile(rf"(?<![a-z])(?:{words})(?![a-z])|{WIRE_PATH}", re.IGNORECASE)
    return [
        f"{path}:{number}: {found[0]} belongs to one provider; put it in its contract"
        for path, text in list_modules(root, ["mockserver"])
        for number, line in enumerate(text.splitlines(), 1)
        if (found := pattern.search(line))
    ]


def find_speechless_modules(root: Path) -> list[str]:
    """Modules that do not say at the top what they are."""
    return [
        f"{path}: begin with a docstring of one sentence"
        for path, text in list_modules(root, SOURCE)
        if not ast.get_docstring(ast.parse(text))
    ]


def find_long_modules(root: Path) -> list[str]:
    """Modules that hold more than one noun, by their length."""
    return [
        f"{path}: {lines} lines; at most {MODULE_LINES}, so divide it"
        for path, text in list_modules(root, SOURCE)
        if (lines := len(text.splitlines())) > MODULE_LINES
    ]


def find_long_functions(root: Path) -> list[str]:
    """Functions that do more than one thing, by their length without decorators."""
    return [
        f"{path}:{function.lineno}: {function.name} has {lines} lines; at most {FUNCTION_LINES}"
        for path, text in list_modules(root, [*SOURCE, "tests", "fixtures"])
        for function in list_functions(text)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]


def find_empty_names(root: Path) -> list[str]:
    """Files and folders whose name could hold anything."""
    return [
        f"{path}: name it after what it holds"
        for path in (file.relative_to(root) for file in list_files(root))
        if EMPTY_NAMES & {part.partition(".")[0].lower() for part in path.parts}
    ]


def find_long_readme(root: Path) -> list[str]:
    """A README that nobody reads to its end."""
    return [
        f"README.md: {lines} lines; at most {README_LINES}"
        for readme in root.glob("README.md")
        if (lines := len(readme.read_text(encoding="utf-8").splitlines())) > README_LINES
    ]


def find_private_places(root: Path) -> list[str]:
    """Lines that name a package registry's host or a path of one machine."""
    pattern = re.compile("|".join(PRIVATE_PLACES))
    return [
        f"{file.relative_to(root).as_posix()}:{number}: {found[0]} means nothing elsewhere"
        for file in list_files(root)
        for number, line in enumerate(file.read_bytes().split(b"\n"), 1)
        if (found := pattern.search(line.decode(errors="replace")))
    ]


RULES = [
    find_speechless_tests,
    find_provider_names,
    find_speechless_modules,
    find_long_modules,
    find_long_functions,
    find_empty_names,
    find_long_readme,
    find_private_places,
]

LONG_FUNCTION = "def f():\n" + "    pass\n" * 40
NUL = "\x00"

# The rule, a file, its text, and what the complaint says.
OFFENCES = [
    (find_speechless_tests, "tests/test_a.py", "def test_a(): pass", "a.py:1: the docstring of"),
    (find_speechless_tests, "tests/x/test_a.py", "def test_a(): 'It holds'", "full stop"),
    (find_speechless_tests, "tests/test_a.py", "def test_a(): 'holds here.'", "test_a must be"),
    (find_speechless_tests, "tests/test_a.py", "async def test_a(): 'Yes.'", "test_a must be"),
    (find_provider_names, "mockserver/a.py", "\nURL = 'https://api.acorn.test'", "a.py:2: acorn"),
    (find_provider_names, "mockserver/web/a.py", "ACORN_KEY = 1", "ACORN belongs"),
    (find_provider_names, "mockserver/a.py", "createTask = 1", "createTask belongs"),
    (find_provider_names, "mockserver/a.py", "PATH = '/api/v1'", "/api/ belongs"),
    (find_speechless_modules, "mockserver/a.py", "x = 1", "a.py: begin with a docstring"),
    (find_speechless_modules, "clients/imagejobs/flow.py", "", "flow.py: begin with"),
    (find_long_modules, "mockserver/a.py", "\n" * 251, "251 lines; at most 250"),
    (find_long_functions, "mockserver/a.py", LONG_FUNCTION, "a.py:1: f has 41 lines"),
    (find_long_functions, "tests/test_a.py", LONG_FUNCTION, "f has 41 lines"),
    (find_empty_names, "mockserver/utils.py", "", "utils.py: name it after what it holds"),
    (find_empty_names, "fixtures/common/a.json", "", "common/a.json: name it"),
    (find_empty_names, "tests/Helpers.test.js", "", "Helpers.test.js: name it"),
    (find_long_readme, "README.md", "line\n" * 251, "251 lines; at most 250"),
    (find_private_places, "a.txt", "\nsee " + "pypi." + "org", "a.txt:2: pypi"),
    (find_private_places, "x/.ci/run", "cd /work" + "/main", "x/.ci/run:1: /work"),
    (find_private_places, "a.lock", f"{NUL}/{'tmp'}/venv/bin", "a.lock:1: /tmp"),
]

HARMLESS = [
    ("tests/test_a.py", "def test_a(): 'One holds.'\ndef build(): pass"),
    ("tests/a.py", "def test_a(): pass"),
    ("mockserver/a.py", "'An acorns cookie.'" + "\n" * 249),
    ("mockserver/a.py", "'A module.'\n@one\n@two\n" + LONG_FUNCTION[:-9]),
    ("contracts/acorn/contract.yaml", "servers: [{url: https://api.acorn.test/api/v1}]"),
    ("README.md", "line\n" * 250),
    ("a.txt", "https://example.org/work" + "/1"),
    (".venv/lib/utils.py", "/root" + "/x"),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the provider `acorn` and a virtual environment."""
    (tmp_path / "contracts" / "acorn").mkdir(parents=True)
    write_file(tmp_path / ".venv" / "pyvenv.cfg", "")
    return tmp_path


def write_file(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("rule", RULES)
def test_the_repository_keeps_each_rule(rule: Callable[[Path], list[str]]) -> None:
    """No file of the repository breaks a rule of this page."""
    problems = rule(ROOT)

    assert not problems, "\n".join(problems)


def test_the_repository_is_found() -> None:
    """The rules look at real files, so that silence means something."""
    paths = {file.relative_to(ROOT).as_posix() for file in list_files(ROOT)}

    assert {"pyproject.toml", ".ci/run", "mockserver/data.py", "tests/test_house.py"} <= paths


@pytest.mark.parametrize(("rule", "path", "text", "complaint"), OFFENCES)
def test_each_offence_is_named_once(
    repository: Path, rule: Callable[[Path], list[str]], path: str, text: str, complaint: str
) -> None:
    """One offence gives one complaint that says where it stands and what to do."""
    write_file(repository / path, text)

    (problem,) = rule(repository)

    assert complaint in problem


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_what_is_allowed_stays_silent(repository: Path, path: str, text: str) -> None:
    """What is just within the rules is no offence."""
    write_file(repository / path, text)

    assert not [problem for rule in RULES for problem in rule(repository)]
