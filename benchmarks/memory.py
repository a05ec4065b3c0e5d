"""Peak memory of one payroll in a process of its own: ``python -m benchmarks.memory`` is started by payroll.py."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generated import Employer, csv_file
from benchmarks.runs import post, receive
from tests.support.database import connect

from open401k.base import collector
from open401k.kernel import FixedClock, PlanId, SponsorId

MIB = 1024


def peaks(employer: Employer) -> dict[str, float]:
    """MiB of the process: before the payroll (idle), and at most while checking, and while posting and testing."""
    day = employer.next_pay_date()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "payroll.csv"
        file.write_bytes(csv_file(employer.people, day))
        told = [
            employer.db.url,
            str(employer.tenant_id),
            str(employer.plan_id),
            str(file),
            employer.clock.now().isoformat(),
        ]
        command = [sys.executable, "-m", "benchmarks.memory", *told]
        done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Carry the payroll and print the peaks."""
    url, tenant, plan, file, now = sys.argv[1:]
    tenant_id, plan_id = SponsorId.parse(tenant), PlanId.parse(plan)
    clock = FixedClock(datetime.fromisoformat(now).astimezone(UTC))
    collector.look_seldom()  # as every process of ours does
    with connect(url, clock) as db:
        idle = status("VmRSS")
        # As at the doors: a file is checked in the request that brings it, and posted in another one.
        run_id = receive(db, tenant_id, plan_id, "memory.csv", Path(file).read_bytes(), "Generated Payroll")
        checked = status("VmHWM")
        post(db, tenant_id, plan_id, run_id)
        peaks = {"idle": idle, "checking": checked, "posting and testing": status("VmHWM")}
        print(json.dumps({step: peak / MIB for step, peak in peaks.items()}))


def status(name: str) -> int:
    """A figure of this process in KiB, by its name in /proc."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
