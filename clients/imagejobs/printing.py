"""What the command prints: results on stdout, everything else on stderr."""

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from imagejobs.errors import ImageError
from imagejobs.flow import Watch
from imagejobs.models import Task


@dataclass(slots=True)
class Printer:
    """Speaks plain lines or JSON; on a terminal, progress stays on one line.

    It knows what the command was about, to say what is left of it when it stops: the task, or
    that one may have been made.
    """

    provider: str
    base_url: str | None = None  # as it was given
    as_json: bool = False
    task_id: str | None = None
    is_ordering: bool = False

    @contextmanager
    def progress(self) -> Iterator[Watch]:
        """A watcher that shows each state as it comes."""
        is_terminal = sys.stderr.isatty()

        def show(task: Task) -> None:
            self.task_id = task.id
            words = f"{task.provider} {task.id} {task.state or 'accepted'}"
            if is_terminal:
                click.echo(f"\r\x1b[K{clean(words)}", err=True, nl=False)
            else:
                click.echo(clean(words), err=True)

        try:
            yield show
        finally:
            if is_terminal:
                click.echo(err=True)

    def print_result(self, fields: dict[str, Any], task: Task | None) -> None:
        """One JSON object, or the lines that people and shells need."""
        if self.as_json:
            click.echo(json.dumps(fields, ensure_ascii=False))
            return
        if "error" in fields:
            return
        if task is not None:
            click.echo(clean(f"{task.id} {task.phase} {task.failure or ''}".rstrip()))
        for line in fields["files"] or fields.get("results", []):
            click.echo(clean(line))

    def tell_interruption(self) -> None:
        """That the command was stopped, and what is left of it."""
        if self.task_id is not None:
            self.complain("interrupted; to go on with the task:")
            self.tell_resumption(self.task_id)
        elif self.is_ordering:
            self.complain(
                "interrupted; a task may have been made, so look at the account's tasks or "
                "balance before you order again"
            )
        else:
            self.complain("interrupted")

    def tell_resumption(self, task_id: str) -> None:
        """The command that goes on with a task, as a shell takes it."""
        words = ["imagejobs", "status", "--provider", self.provider, "--wait"]
        if self.base_url is not None:
            words += ["--base-url", self.base_url]
        words += ["--", task_id] if task_id.startswith("-") else [task_id]
        click.echo(clean(shlex.join(words)), err=True)

    def complain(self, text: str) -> None:
        """One line that says what stood in the way."""
        click.echo(clean(f"imagejobs: {text}"), err=True)


def clean(text: str) -> str:
    """Without characters that could steer a terminal: the text may be a provider's."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def describe_task(task: Task, paths: list[Path] | None = None) -> dict[str, Any]:
    """A task as JSON has it."""
    failure = task.failure
    return {
        "provider": task.provider,
        "id": task.id,
        "phase": task.phase.value,
        "state": task.state,
        "results": list(task.results),
        "files": [str(path) for path in paths or []],
        "failure": failure and {"code": failure.code, "message": failure.message},
        "model": task.model,
        "credits": task.credits,
        "created": task.created and task.created.isoformat(),
        "finished": task.finished and task.finished.isoformat(),
        "elapsed": task.elapsed,
    }


def describe_error(error: ImageError) -> dict[str, Any]:
    """An error as JSON has it; `kind` is the name of its class."""
    return {
        "kind": type(error).__name__,
        "text": str(error),
        "condition": error.condition,
        "code": error.code,
        "message": error.details.message,
        "retry_after": error.retry_after,
        "task_id": error.task_id,
    }


def number_path(path: Path, index: int) -> Path:
    """The path for the nth result, from 0: fox.png, fox-2.png, fox-3.png."""
    return path if index == 0 else path.with_name(f"{path.stem}-{index + 1}{path.suffix}")
