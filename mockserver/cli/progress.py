"""What a recording says while it runs, and at its end: one line per exchange, one for all."""

import json
from collections.abc import Callable
from pathlib import Path

import click

from mockserver.cli.count import say_count
from mockserver.cli.listen import make_printable
from mockserver.record.exchange import Exchange
from mockserver.record.purse import format_credits
from mockserver.record.recording import Summary
from mockserver.record.redact import Redactor


class Progress:
    """Writes to stderr, in text or in lines of JSON."""

    def __init__(self, log_format: str) -> None:
        self._is_json = log_format == "json"

    def report(self, redactor: Redactor) -> Callable[[Exchange], None]:
        """The function that tells of one exchange, without its secrets."""

        def tell(exchange: Exchange) -> None:
            facts = {
                "event": "exchange",
                "kind": exchange.kind.value,
                "method": exchange.method,
                "url": exchange.url,
                "operation": exchange.operation,
                "status": exchange.status,
                "error": exchange.error,
                "elapsed": exchange.elapsed,
                "bytes": len(exchange.response_body),
                "task": exchange.task_id,
                "notes": list(exchange.notes),
            }
            text = json.dumps(facts) if self._is_json else _write_line(exchange)
            click.echo(make_printable(redactor.redact_text(text)), err=True)

        return tell

    def close(self, path: Path, summary: Summary, spent: int) -> None:
        """Tell what was recorded."""
        facts = {
            "event": "recorded",
            "file": str(path) if path.exists() else None,
            "exchanges": summary.exchanges,
            "tasks": len(summary.tasks),
            "files": summary.files,
            "callbacks": summary.callbacks,
            "errors": summary.errors,
            "dropped": summary.dropped,
            "credits": spent / 1000,
        }
        if self._is_json:
            click.echo(json.dumps(facts), err=True)
            return
        if not path.exists():
            click.echo(f"Nothing came, so {path} was not written.", err=True)
            return
        held = [
            say_count(summary.exchanges, "exchange"),
            say_count(len(summary.tasks), "task"),
            say_count(summary.files, "file"),
            say_count(summary.callbacks, "callback"),
        ]
        text = f"{path}: {', '.join(held)}, about {format_credits(spent)} credits."
        if summary.errors:
            text += f" {summary.errors} ended in an error, which is recorded too."
        if summary.dropped:
            text += f" {summary.dropped} were left out: a secret could not be taken out of them."
        click.echo(text, err=True)


def _write_line(exchange: Exchange) -> str:
    what = exchange.operation or exchange.url
    what = exchange.url if exchange.kind.value == "file" else what
    came = exchange.error if exchange.status is None else str(exchange.status)
    if exchange.status is not None and exchange.error:
        came = f"{came} {exchange.error}"
    task = f"  {exchange.task_id}" if exchange.task_id else ""
    return (
        f"{exchange.kind.value:8} {came}  {exchange.elapsed:,} ms  "
        f"{len(exchange.response_body):,} bytes  {what}{task}"
    )
