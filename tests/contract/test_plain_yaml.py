from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.plain_yaml import read_yaml
from mockserver.errors import ContractError


def read(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "contract.yaml"
    path.write_text(text, "utf-8")
    return read_yaml(path, "acme/contract.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16:9", "16:9"),
        ("1:20", "1:20"),
        ("no", "no"),
        ("on", "on"),
        ("2026-11-21", "2026-11-21"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("true", True),
        ("null", None),
        ("12", 12),
        ("0.5", 0.5),
        ("-7", -7),
        ("1e3", 1000.0),
        ("007", 7.0),
        ("-x", "-x"),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("|\n  12", "12\n"),
        ("{a: [1, {b: null}], 2: x}", {"a": [1, {"b": None}], 2: "x"}),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(tmp_path: Path, text: str, expected: Any) -> None:
    """Ratios, dates and the word no stay texts; only the core schema's scalars are converted."""
    assert {"value": expected} == read(tmp_path, f"value: {text}\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [1]\nb: *x\n", "line 2: uses a YAML alias"),
        ("a: 1\nb: {c: 1, c: 2}\n", "line 2: has the key 'c' twice"),
        ("[1, 2]", "holds no mapping at its top"),
        ("a: [1", "is not YAML"),
        ("a: !!python/object:os.system x", "line 1: uses the YAML tag .*os.system"),
        ("a:\n  - !own {b: 1}", "line 2: uses the YAML tag !own"),
        ("a: 1\n---\nb: 1", "line 2: begins a second document"),
        ("[a]: 1", "line 1: has a key that is no scalar"),
        ("", "holds no mapping at its top"),
        ("a: " + "[" * 900, "is nested too deeply"),
        ("a: " + "9" * 5_000, "is not YAML"),
        ("a: \x00", "is not YAML"),
    ],
)
def test_yaml_that_is_not_plain_data_is_refused_by_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    """An alias, a doubled key, a tag or broken YAML is named with file and line."""
    with pytest.raises(ContractError, match=problem) as caught:
        read(tmp_path, text)

    assert caught.value.where.startswith("acme/contract.yaml")


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    """A few hundred bytes that stand for millions of nodes are refused before they unfold."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    with pytest.raises(ContractError, match="alias"):
        read(tmp_path, "\n".join(lines))


def test_an_oversized_file_is_refused(tmp_path: Path) -> None:
    """A contract file over the cap is refused without being parsed."""
    with pytest.raises(ContractError, match="the limit is"):
        read(tmp_path, "a: '" + "x" * (4 * 1024 * 1024) + "'")
