"""The end of a task: the result that was ordered, or the error that any other end means."""

from imagejobs.errors import Details, GenerationFailed, Unreadable
from imagejobs.models import Failure, Phase, Task


def settle(task: Task) -> Task:
    """An ended task that has a result.

    Raises GenerationFailed for one that ended badly, Unreadable for a success without a result.
    """
    if task.phase is Phase.FAILED:
        raise explain_failure(task)
    if not task.results:
        raise explain_emptiness(task)
    return task


def explain_failure(task: Task) -> GenerationFailed:
    """The error of a task that the provider has failed, in its words."""
    failure = task.failure or Failure()
    text = f"{task.provider} task {task.id} failed: {failure}; try again, perhaps with other words"
    return GenerationFailed(
        text,
        Details(
            provider=task.provider,
            condition="generation-failed",
            message=failure.message,
            task_id=task.id,
            failure=failure,
            state=task.state,
        ),
    )


def explain_emptiness(task: Task) -> Unreadable:
    """The error of a task that is said to have succeeded, and has nothing to show for it."""
    text = (
        f"{task.provider} task {task.id} succeeded without a result; ask the provider about it "
        f"before you order again, for it may have been paid"
    )
    details = Details(task.provider, "no-result", task_id=task.id, state=task.state)
    return Unreadable(text, details)
