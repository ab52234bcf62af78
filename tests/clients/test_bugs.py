"""Each single bug is caught by a test of this folder."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import (
    bugs,
    test_dialects,
    test_download,
    test_hints,
    test_submit,
    test_wait,
    test_webhook,
)
from tests.laws import test_schedules

Catch = tuple[Callable[..., None], dict[str, Any]]

LIMITED_BY_HEADER = ("17", None, 17)
LIMITED_BY_BODY = (None, {"data": {"retryAfter": 17}}, 17)


def read_hint(row: tuple[Any, Any, Any]) -> dict[str, Any]:
    return dict(zip(("header", "body", "seconds"), row, strict=True))


REFUSAL_IN_BODY = {
    "provider": "kie",
    "step": test_submit.REFUSALS[0][0],
    "error": test_submit.REFUSALS[0][1],
}
REFUSAL_IN_STATUS = {
    "provider": "kie",
    "step": test_submit.REFUSALS[2][0],
    "error": test_submit.REFUSALS[2][1],
}
JSON_IN_STRING = dict(zip(("provider", "data"), test_dialects.RESULTS[0], strict=True))
NEW_STATE = dict(zip(("provider", "data", "phase"), test_dialects.PHASES[3], strict=True))
ANOTHER_TASK = {"step": test_wait.PASSING[13]}

# Who catches it; where a test has several rows, the row.
CATCHES: dict[str, Catch] = {
    "repeats-a-paid-submit": (
        test_submit.test_an_unknown_outcome_is_never_repeated,
        {"step": "ReadTimeout"},
    ),
    "makes-a-new-request-id-for-each-retry": (
        test_submit.test_an_unknown_outcome_is_repeated_with_the_same_key,
        {"step": "ReadTimeout"},
    ),
    "takes-an-unknown-outcome-for-a-refusal": (
        test_submit.test_an_unknown_outcome_is_never_repeated,
        {"step": "ReadTimeout"},
    ),
    "gives-up-when-limited": (
        test_submit.test_what_was_surely_not_accepted_is_sent_again,
        {"step": test_submit.LIMITED},
    ),
    "gives-up-at-the-first-failed-poll": (
        test_wait.test_trouble_that_passes_is_sat_out,
        {"step": "ReadTimeout"},
    ),
    "ignores-the-header-retry-after": (
        test_hints.test_hints_are_read_from_header_and_body,
        read_hint(LIMITED_BY_HEADER),
    ),
    "ignores-retryafter-in-the-body": (
        test_hints.test_hints_are_read_from_header_and_body,
        read_hint(LIMITED_BY_BODY),
    ),
    "reads-retry-after-as-milliseconds": (test_wait.test_a_hint_is_kept_between_polls, {}),
    "comes-back-before-a-far-hint": (
        test_wait.test_a_hint_beyond_the_deadline_ends_the_wait,
        {"steps": [test_wait.ACCEPTED, (*test_wait.RUNNING, test_wait.FAR)]},
    ),
    "reckons-dates-by-its-own-clock": (
        test_hints.test_a_date_is_counted_from_the_date_of_its_reply,
        dict(zip(("date", "retry_after", "seconds"), test_hints.DATED[0], strict=True)),
    ),
    "takes-nothing-for-a-result": (test_wait.test_a_success_without_a_result_is_an_error, {}),
    "polls-too-often": (test_wait.test_polls_are_few, {}),
    "never-backs-off": (test_hints.test_chance_spreads_what_many_clients_do, {}),
    "hurries-at-a-short-hint": (
        test_schedules.test_what_once_went_wrong_goes_right,
        dict(zip(("steps", "words"), test_schedules.OVERCOME[1], strict=True)),
    ),
    "counts-from-the-submit-how-young-a-task-is": (
        test_schedules.test_what_once_went_wrong_goes_right,
        dict(zip(("steps", "words"), test_schedules.OVERCOME[4], strict=True)),
    ),
    "polls-after-the-end": (test_wait.test_generate_submits_once_and_polls_to_the_end, {}),
    "waits-beyond-the-deadline": (
        test_wait.test_a_wait_ends_in_time_and_tells_how_to_go_on,
        {"timeout": 10},
    ),
    "takes-a-failed-task-for-a-good-one": (test_wait.test_a_failed_task_ends_the_wait, {}),
    "believes-http-200": (test_submit.test_a_refusal_ends_the_submit, REFUSAL_IN_BODY),
    "believes-only-the-body": (test_submit.test_a_refusal_ends_the_submit, REFUSAL_IN_STATUS),
    "knows-only-the-documented-states": (test_dialects.test_states_are_read_as_phases, NEW_STATE),
    "takes-json-in-strings-for-text": (test_dialects.test_results_are_read, JSON_IN_STRING),
    "takes-any-task-for-its-own": (test_wait.test_trouble_that_passes_is_sat_out, ANOTHER_TASK),
    "reads-the-duration-as-seconds-always": (
        test_dialects.test_elapsed_is_seconds_or_milliseconds,
        {"cost": 59_699, "seconds": 59.699},
    ),
    "sends-the-key-to-the-file-host": (
        test_download.test_the_key_is_not_sent_to_the_file_host,
        {"provider": "kie"},
    ),
    "follows-redirects-with-the-key": (
        test_download.test_the_key_does_not_follow_a_redirect,
        {},
    ),
    "fetches-from-anywhere": (
        test_download.test_addresses_inside_are_refused,
        {"url": test_download.FORBIDDEN[0]},
    ),
    "takes-any-file-for-an-image": (
        test_download.test_what_is_no_image_is_refused,
        {"body": b"<html>"},
    ),
    "takes-half-a-file": (
        test_download.test_a_file_that_is_cut_off_is_fetched_again,
        {"kind": "png"},
    ),
    "writes-in-place": (test_download.test_a_file_is_there_as_a_whole_or_not_at_all, {}),
    "believes-unsigned-callbacks": (
        test_webhook.test_a_receiver_turns_away_what_is_no_callback,
        dict(zip(("method", "body", "headers", "status"), test_webhook.ANSWERS[1], strict=True)),
    ),
    "believes-old-callbacks": (test_webhook.test_an_old_callback_is_refused, {"age": 301}),
    "believes-what-callbacks-say": (
        test_webhook.test_a_callback_is_a_reason_to_poll_and_no_more,
        {"sender": "signed", "body": test_webhook.CHANGED},
    ),
    "takes-the-same-callback-twice": (test_webhook.test_a_receiver_takes_news_once, {}),
}


def test_there_are_bugs_enough() -> None:
    """Every bug has a test that catches it."""
    assert set(CATCHES) == set(bugs.BUGS)
    assert len(CATCHES) >= 15


@pytest.mark.parametrize("name", CATCHES)
@pytest.mark.parametrize(("library", "mode"), [("httpx", False)], indirect=True, ids=["httpx"])
def test_each_bug_is_caught(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, name: str, mode: Any
) -> None:
    """The test passes without the bug (it runs alone, too) and fails with it."""
    test, words = CATCHES[name]
    names = inspect.signature(test).parameters
    given = {n: words[n] if n in words else request.getfixturevalue(n) for n in names}
    bugs.switch_on(name, monkeypatch.setattr)

    with pytest.raises((Exception, pytest.fail.Exception)) as caught:
        test(**given)

    assert not isinstance(caught.value, TypeError | AttributeError | NameError)
