"""Commands that answer at once: what they print, and with which status they end."""

import io
import json
import os
import shlex
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest

from mockserver.cli import COMMANDS, group, main
from mockserver.contract.load import load
from mockserver.data import contracts_dir, scenarios_dir
from mockserver.media.image import draw_image
from mockserver.media.picture import Picture
from mockserver.version import VERSION

PICTURE = Picture(
    width=256,
    height=256,
    format="png",
    provider="acme",
    model="acme/1",
    prompt="a fox\x1b[31m and a \u202ehound",
    task_id="task_1",
    digest="0" * 32,
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has set does not count."""
    for name in [name for name in os.environ if name.startswith("MOCKSERVER_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """--help says what a command does, with an example, and nothing goes to stderr."""
    assert main([*command.split(), "--help"]) == 0

    out, err = capsys.readouterr()
    assert f"Usage: mockserver {command}".strip() in out
    assert out.count("mockserver") > 1 or "Example" in out
    assert not err


def test_the_version_is_the_one_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """--version says what pyproject.toml says."""
    pyproject = Path(__file__).resolve().parents[2] / "pyproject.toml"

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mockserver {VERSION}\n"
    assert f'version = "{VERSION}"' in pyproject.read_text(encoding="utf-8")


BAD_LINES = {
    "unknown command": (["srve"], 2, "did you mean 'serve'?"),
    "unknown flag": (["serve", "--prot", "1"], 2, "--port"),
    "bad port": (["serve", "--port", "70000"], 2, "--port"),
    "bad speed": (["serve", "--speed", "nan"], 2, "speed"),
    "bad host": (["serve", "--host", "203.0.113.7"], 2, "--host"),
    "no token": (["serve", "--port", "0", "--admin-token", " "], 2, "--admin-token"),
    "no room": (["serve", "--port", "0", "--ready-file", "/no/such/folder/x"], 2, "--ready-file"),
    "strict without a key": (["serve", "--keys", "strict"], 2, "--key"),
    "open with a key": (["serve", "--keys", "open", "--key", "a"], 2, "--keys"),
    "unknown provider": (["routes", "--provider", "ki"], 2, "'kie'"),
    "unknown edition": (["routes", "--edition", "obsrved"], 2, "'observed'"),
    "edition of nobody": (["routes", "--edition", "ki=observed"], 2, "'kie'"),
    "no folder": (["routes", "--contract", "/no/such/folder"], 2, "--contract"),
    "bad format": (["env", "--format", "cmd"], 2, "powershell"),
    "odd allowed host": (["serve", "--port", "0", "--allowed-host", "a:1"], 2, "--allowed-host"),
    "odd address to export": (["env", "--url", "nonsense"], 2, "http://"),
    "odd address of routes": (["routes", "--url", "nonsense"], 2, "http://"),
    "time that runs backwards": (["wait", "--timeout", "-1"], 2, "--timeout"),
    "odd address": (["wait", "--url", "127.0.0.1:8787"], 2, "http://"),
    "no file": (["decode", "/no/such/file.png"], 2, "/no/such/file.png"),
    "no model": (["models", "no-such-model"], 1, "no-such-model"),
    "time without end": (["wait", "--timeout", "nan"], 2, "--timeout"),
    "credits without end": (["record", "--out", "x", "--max-credits", "inf"], 2, "--max-credits"),
    "no number of seconds": (["conform", "--patience", "nan"], 2, "--patience"),
    "address without a host": (["env", "--url", "http://"], 2, "--url 'http://'"),
    "address of no port": (["env", "--url", "http://h:99999"], 2, "--url"),
    "address with a gap": (["routes", "--url", "http://h:1/x y"], 2, "--url"),
    "no ready file": (["serve", "--port", "0", "--ready-file", ""], 2, "--ready-file is blank"),
    "blank key": (["serve", "--port", "0", "--key", ""], 2, "--key is blank"),
    "blank key of one": (["exec", "--key", "a", "--key", " ", "true"], 2, "--key is blank"),
    "blank key to export": (["env", "--key", " "], 2, "--key is blank"),
    "blank secret": (["replay", __file__, "--webhook-secret", ""], 2, "--webhook-secret is blank"),
    "blank to hide": (["record", "--out", "x", "--hide", ""], 2, "--hide is blank"),
}


@pytest.mark.parametrize(("line", "status", "word"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_wrong_line_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str], line: list[str], status: int, word: str
) -> None:
    """One or two lines on stderr say what is wrong; stdout stays empty."""
    assert main(line) == status

    out, err = capsys.readouterr()
    assert word in err
    assert len(err.splitlines()) <= 2
    assert not out


def test_a_broken_contract_ends_with_status_4(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A contract that cannot be read is named with its file."""
    (tmp_path / "contract.yaml").write_text("openapi: 2.0", encoding="utf-8")

    assert main(["routes", "--contract", str(tmp_path)]) == 4
    assert "contract.yaml" in capsys.readouterr().err


def test_a_folder_without_a_contract_ends_with_status_4(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An empty folder is no contract."""
    assert main(["lint", str(tmp_path)]) == 4
    assert "contract.yaml" in capsys.readouterr().err


def test_a_misspelt_variable_is_warned_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that no flag reads names the nearest one, and the command runs on."""
    monkeypatch.setenv("MOCKSERVER_PROVIDR", "kie")

    assert main(["env"]) == 0
    assert "did you mean 'MOCKSERVER_PROVIDER'?" in capsys.readouterr().err


def test_a_variable_stands_for_a_flag(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MOCKSERVER_<FLAG> is the flag's twin; the flag itself wins."""
    monkeypatch.setenv("MOCKSERVER_PROVIDER", "kie gptimage15")
    monkeypatch.setenv("MOCKSERVER_URL", "http://127.0.0.1:1")

    assert main(["env", "--url", "http://127.0.0.1:2"]) == 0
    out, err = capsys.readouterr()
    assert "KIE_BASE_URL=http://127.0.0.1:2/kie" in out
    assert "GPTIMAGE15_" in out
    assert "AIGPTIMAGE_" not in out
    assert not err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_has_a_twin_of_its_name(name: str) -> None:
    """MOCKSERVER_<FLAG> is read for --<flag>, whatever the flag is called inside."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    flags = [param for param in command.params if isinstance(param, click.Option)]

    for flag in flags:
        long = next(each for each in flag.opts if each.startswith("--"))
        assert flag.envvar == "MOCKSERVER_" + long[2:].replace("-", "_").upper()
    assert flags


def test_a_bad_value_in_a_variable_names_the_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gave no flag is not told of one; given both, the flag counts and is named."""
    monkeypatch.setenv("MOCKSERVER_PORT", "none")

    assert main(["serve"]) == 2
    assert "MOCKSERVER_PORT: 'none'" in capsys.readouterr().err
    assert main(["serve", "--port", "x"]) == 2
    assert "'--port': 'x'" in capsys.readouterr().err


def test_routes_lists_every_address(capsys: pytest.CaptureFixture[str]) -> None:
    """Each operation stands on a line with its method and its whole address."""
    assert main(["routes", "--provider", "gptimage15", "--url", "http://h:1/"]) == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["POST", "http://h:1/gptimage15/api/generate", "generate", "submit"] in lines


def test_models_tells_price_and_input(capsys: pytest.CaptureFixture[str]) -> None:
    """A model's line tells what it makes, needs and costs."""
    assert main(["models", "--provider", "aigptimage", "GPT", "text"]) == 0

    line = capsys.readouterr().out.splitlines()[3]
    assert line.startswith("gpt-image-2-text-to-image")
    assert line.endswith("3 (resolution 1K), 5 (resolution 2K), 8 (resolution 4K)")


def test_models_lists_a_large_catalogue_by_what_prices_range_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of many models each has one line, with an outline of its price."""
    assert main(["models", "--provider", "kie"]) == 0

    lines = capsys.readouterr().out.splitlines()[3:-1]
    body = load(contracts_dir() / "kie").operations["createTask"].body
    assert body is not None
    assert len(lines) >= len(body.models) > 100
    assert next(line for line in lines if line.startswith("nano-banana-2 ")).split() == [
        "nano-banana-2", "image", "12s..112s", "prompt", "8..18", "by", "resolution"
    ]  # fmt: skip


def test_models_tells_everything_about_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A model's whole name finds it alone, and its fields are told with what they allow."""
    assert main(["models", "--provider", "kie", "nano-banana-2"]) == 0

    out = capsys.readouterr().out
    assert "8 (resolution 1K), 12 (resolution 2K), 18 (resolution 4K)" in out
    assert ["resolution", "1K", "2K", "4K;", "default", "1K"] in [
        r.split() for r in out.splitlines()
    ]
    assert "nano-banana-2-lite" not in out


def test_models_tells_everything_about_one_of_several_providers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A model that two providers have is told with its fields by each of them."""
    assert main(["models", "gpt-image-2-text-to-image"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("prompt ")] == ["prompt"] * 2


def test_models_speaks_as_requests_do(capsys: pytest.CaptureFixture[str]) -> None:
    """A default is written as it stands in JSON, and a plain price with what it is paid for."""
    assert main(["models", "--provider", "kie", "bytedance/seedance-1.5-pro"]) == 0
    assert main(["models", "--provider", "kie", "bytedance/seedream-v4-text-to-image"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("fixed_lens ")).endswith("default false")
    assert next(line for line in lines if "seedream-v4" in line).endswith("  5 per result")


def test_models_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no model has is told with those that come nearest to it."""
    assert main(["models", "--provider", "kie", "nanobananapro"]) == 1
    assert "nearest: nano-banana-pro" in capsys.readouterr().err


def test_an_api_without_models_is_listed_by_path(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody chooses a model, the path names what is made."""
    assert main(["models", "--provider", "gptimage15"]) == 0
    assert "/api/generate " in capsys.readouterr().out


def test_scenarios_lists_what_a_key_can_ask_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Outcomes, conditions and failures stand there with a sentence each."""
    assert main(["scenarios", "--provider", "kie"]) == 0

    out = capsys.readouterr().out
    assert all(name in out for name in ("succeeds", "rate-limited", "maintenance"))


QUOTED = {
    "sh": "export KIE_API_KEY='it'\"'\"'s'",
    "fish": "set -gx KIE_API_KEY 'it\\'s'",
    "powershell": "$Env:KIE_API_KEY = 'it''s'",
    "dotenv": 'KIE_API_KEY="it\'s"',
    "github": "KIE_API_KEY=it's",
}


@pytest.mark.parametrize(("syntax", "line"), QUOTED.items(), ids=QUOTED)
def test_variables_are_written_for_every_shell(
    capsys: pytest.CaptureFixture[str], syntax: str, line: str
) -> None:
    """An odd key is quoted as the chosen shell wants it."""
    assert main(["env", "--provider", "kie", "--format", syntax, "--key", "it's"]) == 0
    assert line in capsys.readouterr().out.splitlines()


def test_shell_variables_can_be_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    """What `eval` gets is nothing but exports."""
    main(["env"])

    for line in capsys.readouterr().out.splitlines():
        assert shlex.split(line)[0] == "export"


def test_no_variable_smuggles_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A value with a line break would be a second variable for some readers, so it is refused."""
    assert main(["env", "--format", "github", "--key", "a\nPATH=/evil"]) == 2
    assert "PATH" not in capsys.readouterr().out


def test_lint_finds_nothing_in_the_built_in_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    """The data of the package keeps every rule; what is assumed is counted."""
    assert main(["lint"]) == 0

    scenarios = len(list(scenarios_dir().glob("*.yaml")))
    told = f"0 findings in 3 contracts and {scenarios} scenarios; "
    assert capsys.readouterr().out.startswith(told)


def test_lint_lists_what_is_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    """--assumed names every place that no source vouches for."""
    folder = str(contracts_dir() / "gptimage15")

    assert main(["lint", "--assumed", folder]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith(f"; {len(lines) - 1} assumed")
    assert all("contract.yaml#/" in line for line in lines[:-1])


def test_lint_prints_findings_one_per_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A finding is its place, the problem and a hint, and the status is 1."""
    text = (contracts_dir() / "gptimage15" / "contract.yaml").read_text(encoding="utf-8")
    broken = text.replace("x-role: inspect", "x-role: balance")
    (tmp_path / "contract.yaml").write_text(broken, encoding="utf-8")

    assert main(["lint", str(tmp_path)]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert "contract.yaml#/" in first
    assert " in 1 contract; " in last


def test_a_contract_of_ones_own_is_added(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """--contract serves one more provider, under the name that the contract gives itself."""
    folder = contracts_dir() / "gptimage15"
    text = (folder / "contract.yaml").read_text(encoding="utf-8")
    own = text.replace("name: gptimage15", "name: acme")
    (tmp_path / "contract.yaml").write_text(own, encoding="utf-8")

    assert main(["routes", "--provider", "gptimage15", "--contract", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("/acme/") == out.count("/gptimage15/") == len(load(folder).operations)


def test_decode_shows_the_request_of_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The prompt is shown without the letters that could command a terminal."""
    file = tmp_path / "fox.png"
    file.write_bytes(draw_image(PICTURE))

    assert main(["decode", str(file)]) == 0
    out = capsys.readouterr().out
    assert "a fox [31m and a  hound" in out
    assert "task_1" in out
    assert out.replace("\n", "").isprintable()


def test_decode_writes_json_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dash reads standard input, and --json keeps every letter."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(draw_image(PICTURE))))

    assert main(["decode", "--json", "-"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["prompt"], facts["result"]) == (PICTURE.prompt, "1 of 1")


def test_a_foreign_image_is_a_finding(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file that carries nothing of ours gives status 1 and one line."""
    file = tmp_path / "x.png"
    file.write_bytes(b"no image at all")

    assert main(["decode", str(file)]) == 1
    assert str(file) in capsys.readouterr().err


def test_waiting_in_vain_ends_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a server, `wait` gives up after its timeout and says why."""
    assert main(["wait", "--url", "http://127.0.0.1:9", "--timeout", "0"]) == 1
    assert "is not ready" in capsys.readouterr().err


def test_waiting_for_the_wrong_server_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever answers at the address, only a server of ours is one that is ready."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        assert main(["wait", "--url", url, "--timeout", "0"]) == 1

    assert "something else answers there, with status 501" in capsys.readouterr().err
