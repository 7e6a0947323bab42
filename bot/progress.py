"""A progress bar for slow set-up work, such as the first conversion of the base model."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

log = logging.getLogger(__name__)

ReportProgress = Callable[[str, float], None]  # what is being done, and the share of it that is done, 0.0 to 1.0


@contextmanager
def progress_bar(console: Console | None) -> Iterator[ReportProgress]:
    """Yields what draws the bar; nothing is drawn until it is called.

    Without a console every tenth of the way is a line of the log.
    """
    if console is None:
        yield _logged()
        return
    bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)
    tasks: dict[str, TaskID] = {}

    def report(what: str, share: float) -> None:
        if not tasks:
            bar.start()
        if what not in tasks:
            tasks[what] = bar.add_task(what, total=1.0)
        bar.update(tasks[what], completed=share)
        if share >= 1.0 and all(task.finished for task in bar.tasks):
            bar.stop()

    try:
        yield report
    finally:
        bar.stop()


def _logged() -> ReportProgress:
    tenths: dict[str, int] = {}

    def report(what: str, share: float) -> None:
        tenth = int(share * 10 + 1e-9)
        if tenth > tenths.get(what, -1):
            tenths[what] = tenth
            log.info("%s: %d %%", what, 10 * tenth)

    return report
