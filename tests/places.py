"""Where the repository is, and what may lie beside it."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"  # large documents and cases; absent in most checkouts
