"""`python -m scripts.reference`: write docs/reference anew."""

import sys

from .pages import everything
from .sources import ROOT


def main() -> None:
    """Write every page."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    for name, text in everything().items():
        (folder / name).write_text(text)
        sys.stdout.write(f"docs/reference/{name}\n")


main()
