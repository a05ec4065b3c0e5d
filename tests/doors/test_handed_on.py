"""What a worker hands on reaches the process that projects, whole and in order."""

import multiprocessing

from open401k.base.workers import ToParent
from open401k.doors.stories import HandedOn
from open401k.flows.payroll_run import Payroll
from open401k.kernel import PlanId, RunId, SeededRandom, SponsorId, SystemClock, TimedIds


def test_what_a_worker_posted_reaches_its_parent() -> None:
    ids = TimedIds(SystemClock(), SeededRandom(1))
    posted = [Payroll(ids.new(SponsorId), ids.new(PlanId), ids.new(RunId)) for _ in range(3)]
    ours, theirs = multiprocessing.Pipe()
    follower = HandedOn(ToParent(theirs))
    for each in posted:
        follower.follow(each)
    assert [ours.recv() for _ in posted] == posted
