"""``python -m benchmarks SUBJECT``: payroll, path, ledger, projection, law, rails, rails-chain, mutants, fuzz.

Of the contracts of the rails: ``contract-mutants | contract-machine``.
"""

from __future__ import annotations

import sys

from benchmarks import foresight, fuzz, law, ledger, mutants, path, payroll, rails, rails_chain

from open401k.base import collector


def main() -> int:
    """Choose what to measure."""
    collector.look_seldom()  # as every process of ours does
    subject, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if subject == "payroll":
        return payroll.main(arguments)
    if subject == "path":
        return path.main(arguments)
    if subject == "projection":
        return foresight.main(arguments)
    if subject == "law":
        return law.main(arguments)
    if subject == "rails":
        return rails.main(arguments)
    if subject == "mutants":
        return mutants.main(arguments)
    if subject == "contract-mutants":
        from benchmarks import contract_mutants  # Vyper, which it needs, changes the arithmetic of decimals

        return contract_mutants.main(arguments)
    if subject == "contract-machine":
        from benchmarks import contract_machine

        return contract_machine.main(arguments)
    if subject == "fuzz":
        return fuzz.main(arguments)
    if subject == "rails-chain":
        return rails_chain.main(arguments)
    if subject == "ledger":
        sys.argv = ["python -m benchmarks ledger", *arguments]
        ledger.main()
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
