"""What the client's page shows can be pasted."""

import re
from pathlib import Path
from typing import Any

import pytest

from imagejobs import Settings, client, transport
from mockserver.web.asgi import App

PAGE = (Path(__file__).parents[2] / "clients" / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
WORDS = {"SECRET": "a secret", "CALLBACK_URL": "http://127.0.0.1:40404/hook"}


@pytest.mark.parametrize(("library", "mode"), [("httpx", False)], indirect=True, ids=["httpx"])
def test_each_example_makes_an_image(
    mode: Any, world: Any, emulator: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the emulator, on virtual time, each leaves the file that it names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIE_API_KEY", "sk-mock-page")
    monkeypatch.setenv("KIE_BASE_URL", "http://127.0.0.1:8787/kie")
    monkeypatch.setattr(client, "Settings", lambda: Settings(world=world))
    monkeypatch.setattr(transport, "build_http", lambda: mode.build_http(emulator))
    files = []

    for example in EXAMPLES:
        exec(example, dict(WORDS))  # noqa: S102 - it is there to be pasted
        files.append((tmp_path / "fox.png").read_bytes())

    assert [file[:4] for file in files] == [b"\x89PNG"] * 2
    assert files[0] != files[1]
