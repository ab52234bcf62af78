"""What the package promises about itself."""

import ast
from pathlib import Path

import imagejobs
from imagejobs import errors

ROOT = Path(__file__).resolve().parents[2] / "clients" / "imagejobs"
MODULES = {file.relative_to(ROOT).as_posix(): file for file in ROOT.rglob("*.py")}

STANDS_ALONE = {"mockserver", "starlette", "uvicorn", "tests"}


def list_imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_the_client_knows_nothing_of_the_emulator() -> None:
    """Client and emulator share no code, so that each is a witness."""
    assert MODULES
    assert not {name for name, file in MODULES.items() if list_imports(file) & STANDS_ALONE}


def test_one_module_knows_the_http_library() -> None:
    """Another library of the same shape has one place to fit."""
    found = {name for name, file in MODULES.items() if {"httpx", "httpx2"} & list_imports(file)}

    assert found == {"transport.py"}


def test_the_flow_knows_no_driver() -> None:
    """Everything that decides is free of threads, loops, clocks and connections."""
    drivers = {"transport.py", "client.py", "async_client.py", "inbox.py", "settings.py"}
    doing = {"asyncio", "threading", "time", "random", "socket"}
    found = {name for name, file in MODULES.items() if doing & list_imports(file)}

    assert found - drivers == {"webhook.py"}  # which asks for the time if it is not given


def test_public_names_are_listed_in_order() -> None:
    """Everything listed is there, sorted."""
    assert imagejobs.__all__ == sorted(imagejobs.__all__)
    assert not [name for name in imagejobs.__all__ if not hasattr(imagejobs, name)]


def test_the_tree_of_errors_is_drawn_whole() -> None:
    """Each error stands in the drawing, and can be had from the package."""
    names = {name for name, value in vars(errors).items() if is_error(value)}

    assert names <= set(imagejobs.__all__)
    assert not [name for name in names if f"{name} " not in (errors.__doc__ or "")]


def test_the_first_branch_says_whose_turn_it_is() -> None:
    """Every error is one of yours, theirs, or unsettled."""
    leaves = [e for e in vars(errors).values() if is_error(e) and not e.__subclasses__()]
    turns = (errors.YourTurn, errors.TheirTurn, errors.Unsettled)

    assert leaves
    assert not [leaf for leaf in leaves if sum(issubclass(leaf, turn) for turn in turns) != 1]


def is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, errors.ImageError)
