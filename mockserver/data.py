"""Where contracts and scenarios lie: inside an installed package, or beside it in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def contracts_dir() -> Path:
    """The folder that holds one folder per provider."""
    installed = PACKAGE / "_data" / "contracts"
    return installed if installed.is_dir() else PACKAGE.parent / "contracts"


def scenarios_dir() -> Path:
    """The folder that holds one file per scenario."""
    installed = PACKAGE / "_data" / "scenarios"
    return installed if installed.is_dir() else PACKAGE.parent / "fixtures" / "scenarios"
