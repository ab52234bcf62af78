"""The command `imagejobs`: an image from a prompt, the state of a task, a file from either."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from imagejobs.client import Client
from imagejobs.dialects import DIALECTS
from imagejobs.errors import ImageError, Misused, TheirTurn, TimedOut, Unsettled, YourTurn
from imagejobs.models import Order, Task
from imagejobs.printing import Printer, describe_error, describe_task, number_path
from imagejobs.settings import Settings

EXIT_CODES: Final[dict[type[ImageError], int]] = {
    Misused: 2,
    TheirTurn: 1,
    YourTurn: 3,
    Unsettled: 4,
}

CODES: Final = """
Exit codes: 0 fine; 1 their turn: the task failed, or the provider has trouble; 2 usage;
3 your turn: the provider refused the request, the key or the balance; 4 look first: a task
may exist, or goes on (its id is printed); 130 interrupted (the same). Where a task goes on, the
last line is the command that waits for it.

The key is read from <PROVIDER>_API_KEY, as in KIE_API_KEY; <PROVIDER>_BASE_URL points elsewhere
than the real address.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What every command needs: whom to ask, how long, and how to speak."""

    provider: str
    base_url: str | None
    timeout: float | None
    printer: Printer

    @contextmanager
    def open(self) -> Iterator[Client]:
        """A client, whose errors become a line and an exit code."""
        try:
            with Client(self.provider, base_url=self.base_url, settings=build_settings()) as client:
                yield client
        except ImageError as error:
            self.printer.print_result({"error": describe_error(error)}, None)
            self.printer.complain(str(error))
            if isinstance(error, TimedOut) and error.task_id:
                self.printer.tell_resumption(error.task_id)
            sys.exit(find_exit_code(error))
        except OSError as error:
            self.printer.complain(f"cannot write the file: {error}; name another place with -o")
            sys.exit(2)
        except KeyboardInterrupt:
            self.printer.tell_interruption()
            sys.exit(130)


def build_settings() -> Settings:
    """The settings of the command's client."""
    return Settings()


def find_exit_code(error: ImageError) -> int:
    """The exit code of the nearest class that has one."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def take_target(command: Any) -> Any:
    """Give a command the options that all share."""
    names = click.Choice(list(DIALECTS))
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds."),
        click.option("--base-url", help="Instead of the real address."),
        click.option("--provider", type=names, required=True, envvar="IMAGEJOBS_PROVIDER"),
    ):
        command = option(command)
    return command


def build_target(given: dict[str, Any]) -> Target:
    """The target in the options of a command."""
    printer = Printer(given["provider"], given["base_url"], as_json=given["as_json"])
    return Target(given["provider"], given["base_url"], given["timeout"], printer)


@click.group(epilog=CODES.replace("\n\n", "\n\n\b\n"))
@click.version_option(package_name="asyncimage-mockserver", prog_name="imagejobs")
def main() -> None:
    """Order images from asynchronous generation APIs."""


@main.command()
@click.argument("prompt")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the image goes.")
@click.option("--model", help="Where the provider has a choice.")
@click.option("--image", "images", multiple=True, help="Address of an image to start from.")
@click.option("--option", "pairs", multiple=True, metavar="NAME=VALUE", help="A provider's field.")
@click.option("--request-id", help="Your own id for this order: it cannot cost twice.")
@take_target
def generate(prompt: str, output: Path | None, **given: Any) -> None:
    """Order an image, wait for it, write it."""
    target = build_target(given)
    with target.open() as client:
        order = build_order(given)
        target.printer.is_ordering = True
        with target.printer.progress() as watch:
            task = client.generate(prompt, timeout=target.timeout, watch=watch, **order)
        paths = write_results(client, task, output)
    target.printer.print_result(describe_task(task, paths), task)


@main.command()
@click.argument("task_id")
@click.option("--wait", is_flag=True, help="Until it has ended.")
@take_target
def status(task_id: str, *, wait: bool, **given: Any) -> None:
    """Say how a task is; its id is enough, also after an interruption."""
    target = build_target(given)
    target.printer.task_id = task_id or None
    with target.open() as client:
        if wait:
            with target.printer.progress() as watch:
                task = client.wait(task_id, timeout=target.timeout, watch=watch)
        else:
            task = client.inspect(task_id, timeout=target.timeout)
    target.printer.print_result(describe_task(task), task)


@main.command()
@click.argument("source", metavar="TASK_ID|URL")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@take_target
def download(source: str, output: Path, **given: Any) -> None:
    """Write the images of a finished task, or the one at an address."""
    target = build_target(given)
    with target.open() as client:
        if "://" in source:
            file = client.download(source, output, timeout=target.timeout)
            target.printer.print_result({"url": file.url, "files": [str(output)]}, None)
            return
        task = client.inspect(source, timeout=target.timeout)
        if not task.results:
            client.download(task)  # which says what is missing
        paths = write_results(client, task, output)
    target.printer.print_result(describe_task(task, paths), task)


def build_order(given: dict[str, Any]) -> Order:
    """The order in the options of `generate`."""
    order = Order(options=dict(read_pair(pair) for pair in given["pairs"]))
    if given["model"]:
        order["model"] = given["model"]
    if given["images"]:
        order["images"] = list(given["images"])
    if given["request_id"]:
        order["request_id"] = given["request_id"]
    return order


def read_pair(pair: str) -> tuple[str, Any]:
    """A field and its value, which is JSON if it can be read as such, else a text."""
    name, sign, text = pair.partition("=")
    if not sign or not name:
        raise Misused(f"--option {pair!r} cannot be; write NAME=VALUE, as in quality=high")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


def write_results(client: Client, task: Task, output: Path | None) -> list[Path]:
    """Every result of a task: the first to the given path, the next ones numbered."""
    if output is None:
        return []
    paths = [number_path(output, index) for index in range(len(task.results))]
    for index, path in enumerate(paths):
        client.download(task, path, index=index)
    return paths
