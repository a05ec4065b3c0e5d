"""``python -m benchmarks payroll | ledger | projection``: each prints its figures; ``--help`` says what they take."""

from __future__ import annotations

import sys

from benchmarks import ledger, payroll, projection


def main() -> int:
    """Choose what to measure."""
    subject, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if subject == "payroll":
        return payroll.main(arguments)
    if subject in ("ledger", "projection"):
        sys.argv = [f"python -m benchmarks {subject}", *arguments]
        (ledger if subject == "ledger" else projection).main()
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
