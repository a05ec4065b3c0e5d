"""The sandbox's payroll files for a visitor's hands, mistakes included, so that uploading them can be tried."""

from pathlib import Path

from open401k.kernel import Open401kError

from .files import file_name, payroll_csv
from .people import ACME
from .script import mistakes_of

#: The pay dates of 2026; the one after them has no figures.
_OF_2026 = 26


def hand_out(folder: Path) -> list[Path]:
    """Acme's files of 2026 as the provider first sent them, and beside each one with a mistake the corrected one."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for period in range(_OF_2026):
            first, corrected = mistakes_of(period)
            place = folder / file_name(ACME, period)
            place.write_bytes(payroll_csv(ACME, period, first))
            written.append(place)
            if corrected is not None and corrected != first:
                again = place.with_name(f"{place.stem}-corrected.csv")
                again.write_bytes(payroll_csv(ACME, period, corrected))
                written.append(again)
    except OSError as error:
        raise Open401kError(f"{folder} cannot be written: {error.strerror}.", fix="Choose another folder.") from error
    return written
