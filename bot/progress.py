"""A progress bar for slow set-up work, such as the first conversion of the base model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[str, float], None]]:
    """Yields `report(what, share)`, share from 0.0 to 1.0; nothing is drawn until it is called."""
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
