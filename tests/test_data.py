"""Contracts travel with the package."""

import shutil
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from mockserver.data import contracts_dir

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with one contract and one scenario."""
    root = tmp_path / "checkout"
    for path in ["mockserver/data.py", "pyproject.toml", "LICENSE", "README.md"]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    for path in ["contracts/acorn/contract.yaml", "fixtures/scenarios/flaky.yaml"]:
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text("{}\n", encoding="utf-8")
    return root


def unpack_wheel(checkout: Path, version: str) -> Path:
    """Build a wheel of the checkout and unpack it beside it."""
    (wheel,) = WheelBuilder(str(checkout)).build(
        directory=str(checkout / "dist"), versions=[version]
    )
    site = checkout.parent / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def ask_data(site: Path, question: str = "contracts_dir") -> Path:
    """What a function of the module answers when the package lies in this folder."""
    spec = spec_from_file_location("installed_data", site / "mockserver" / "data.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Path = getattr(module, question)()
    return found


def test_a_wheel_carries_contracts_and_scenarios(checkout: Path) -> None:
    """The data folders lie inside the package of a built wheel."""
    site = unpack_wheel(checkout, "standard")

    assert (site / "mockserver/_data/contracts/acorn/contract.yaml").is_file()
    assert (site / "mockserver/_data/scenarios/flaky.yaml").is_file()


def test_an_installed_package_finds_its_own_contracts(checkout: Path) -> None:
    """Installed from a wheel, the package reads the contracts that came with it."""
    site = unpack_wheel(checkout, "standard")

    assert ask_data(site) == site / "mockserver" / "_data" / "contracts"


def test_an_installed_package_finds_its_own_scenarios(checkout: Path) -> None:
    """Scenarios come with the package as contracts do, and lie beside it in a checkout."""
    site = unpack_wheel(checkout, "standard")

    assert ask_data(site, "scenarios_dir") == site / "mockserver" / "_data" / "scenarios"
    assert ask_data(checkout, "scenarios_dir") == checkout / "fixtures" / "scenarios"


def test_a_checkout_is_read_in_place(checkout: Path) -> None:
    """From a checkout, the package reads the contracts that people edit there."""
    assert ask_data(checkout) == checkout / "contracts"


def test_an_editable_install_copies_no_contract(checkout: Path) -> None:
    """An editable install points at the checkout and holds no second copy that could grow old."""
    site = unpack_wheel(checkout, "editable")

    assert not (site / "mockserver").exists()
    assert str(checkout) in next(site.glob("*.pth")).read_text(encoding="utf-8")


def test_this_package_reads_this_checkout() -> None:
    """The package under test reads the contracts of the repository it is tested in."""
    assert contracts_dir() == ROOT / "contracts"
