"""The stories as doors call them: keys claimed, outcomes in the words of pages. Not here: what a story does (flows)."""

import hashlib
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from queue import SimpleQueue
from typing import Any, Protocol

from open401k import payroll
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import Unfinished
from open401k.base.workers import ToParent
from open401k.flows import payroll_run
from open401k.flows.carry_on import carry_on, left
from open401k.flows.payroll_close import close_run
from open401k.flows.payroll_intake import (
    Taken,
    Upload,
    say_yes,
    send_again,
    settle_columns,
    take_in,
    take_rows,
)
from open401k.flows.payroll_keys import Claim, content_of
from open401k.flows.verify import verify
from open401k.kernel import Refused, RunId, SponsorId
from open401k.payroll import runs
from open401k.views.payroll_lines import held_on
from open401k.views.shown import FindingLine, finding_line, state_of

from .provided import Order, RunHeader, RunOutcome

#: Seconds by which an answer goes ahead of the projection that follows it: both want the processor.
HEAD_START = 0.02
#: How far projections stand back for the processor where others serve, as nice(1) counts.
STANDS_BACK = 10
RESUMER = Actor(kind="system", id="resumer", why="carries on what was begun")


class Follower(Protocol):
    """Who carries posted runs to their end."""

    def follow(self, of: payroll_run.Payroll) -> None:
        """Carry a run to its end, some time after the answer."""


class HandedOn:
    """In a worker: its parent projects, so that who answers has the processor."""

    def __init__(self, parent: ToParent) -> None:
        self._parent = parent

    def follow(self, of: payroll_run.Payroll) -> None:
        """Tell the parent; if it is gone, the run is found again at its next start."""
        self._parent.say(of)


class AfterPosting:
    """Projection and alerts of posted runs, one after the other in a thread: the answer does not wait for them.

    What a crash leaves undone, of corrections too, is found again at the next start: the steps are stored.
    ``stands_back``: other processes serve, and go before it.
    """

    def __init__(self, db: Database, *, stands_back: bool = False) -> None:
        self._db = db
        self._stands_back = stands_back
        self._queue: SimpleQueue[payroll_run.Payroll | Unfinished | None] = SimpleQueue()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="after-posting", daemon=True)

    def start(self) -> None:
        """Take up what a crash left half way, then whatever comes."""
        for each in left(self._db, actor=RESUMER):
            self._queue.put(each)
        self._thread.start()

    def follow(self, of: payroll_run.Payroll) -> None:
        """Carry a run to its end."""
        self._queue.put(of)

    def stop(self) -> None:
        """Finish what is at hand and end; what waits behind it is taken up by the next start."""
        self._ends.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _work(self) -> None:
        if self._stands_back and sys.platform == "linux":  # where each thread has a niceness of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), STANDS_BACK)
        while (of := self._queue.get()) is not None:
            if self._ends.wait(HEAD_START):
                return  # what still waits is found at the next start
            try:
                if isinstance(of, Unfinished):
                    carry_on(self._db, actor=RESUMER, of=of)
                else:
                    payroll_run.run_payroll(self._db, actor=RESUMER, of=of)
            except Exception:  # told with its run, and found again at the next start: the others must not wait for it
                payroll_run.log.exception("%s could not be carried on", of)


class PayrollStories:
    """Payrolls for pages, API and command line."""

    def __init__(self, db: Database, after: Follower | None = None) -> None:
        self._db = db
        self._after = after

    def receive_file(
        self,
        order: Order,
        *,
        name: str,
        content: bytes,
        provider: str | None,
        pay_date: date | None,
        replaces: RunId | None,
        second_run_reason: str = "",
        said: payroll.Said = payroll.NOTHING_SAID,
    ) -> RunOutcome | Refused[Any]:
        """Keep the file; it is checked already where its columns are known."""
        told = f"{provider or ''}|{pay_date or ''}|{replaces or ''}|{_again(second_run_reason)}{_besides(said)}"
        upload = Upload(
            order.tenant_id, order.plan_id, name, content, provider or "", pay_date, replaces, second_run_reason, said
        )
        taken = take_in(self._db, actor=order.actor, upload=upload, claim=Claim(order.key, told.encode() + content))
        if isinstance(taken, Refused):
            return taken
        return self._outcome(order, taken.run.run_id, already=taken.already)

    def send_again(self, order: Order, *, run_id: RunId, reason: str) -> RunOutcome | Refused[Any]:
        """Open another run of a file that was kept before; the same reason twice is one run."""
        taken = send_again(self._db, actor=order.actor, tenant_id=order.tenant_id, run_id=run_id, reason=reason)
        return taken if isinstance(taken, Refused) else self._outcome(order, taken.run.run_id, already=taken.already)

    def confirm_mapping(
        self, order: Order, *, run_id: RunId, fields: Mapping[int, str | None]
    ) -> RunOutcome | Refused[Any]:
        """Settle the columns, which is remembered; nothing is posted yet."""
        taken = settle_columns(self._db, actor=order.actor, tenant_id=order.tenant_id, run_id=run_id, fields=fields)
        return taken if isinstance(taken, Refused) else self._outcome(order, run_id)

    def receive_rows(
        self, order: Order, *, run: RunHeader, rows: Sequence[payroll.PayrollRow]
    ) -> RunOutcome | Refused[Any]:
        """Check canonical rows and post them, unless something has to be confirmed first."""
        days: dict[str, Any] = {each: getattr(run, each) for each in ("pay_date", "period_start", "period_end")}
        body = payroll.as_json(rows, **days, codes=run.codes)
        sender = run.provider or ("API" if rows else "No contributions")
        upload = Upload(
            order.tenant_id,
            order.plan_id,
            f"{sender} {run.pay_date}.json",
            content_of(body),
            payroll.API_PROVIDER,
            run.pay_date,
            run.replaces,
            run.second_run_reason,
            run.said,
        )
        told = f"|{run.replaces or ''}|{run.confirmed}{_again(run.second_run_reason)}{_besides(run.said)}"
        claim = Claim(order.key, upload.content + told.encode())
        taken = take_rows(self._db, actor=order.actor, upload=upload, claim=claim)
        if isinstance(taken, Refused):
            return taken
        if run.confirmed and taken.run.status == runs.Status.NEEDS_CONFIRMATION:
            say_yes(self._db, actor=order.actor, tenant_id=order.tenant_id, run_id=taken.run.run_id)
            return self._post(order, Taken(self._run(order, taken.run.run_id), taken.already))
        return self._post(order, taken)

    def post(self, order: Order, *, run_id: RunId, confirmed: bool) -> RunOutcome | Refused[Any]:
        """Post a checked run; projection and alerts follow."""
        if confirmed:
            say_yes(self._db, actor=order.actor, tenant_id=order.tenant_id, run_id=run_id)
        return self._post(order, Taken(self._run(order, run_id), already=False))

    def close(self, order: Order, *, run_id: RunId, why: str) -> RunOutcome | Refused[Any]:
        """Close a run that is not posted: nothing of it ever is."""
        closed = close_run(self._db, actor=order.actor, tenant_id=order.tenant_id, run_id=run_id, why=why)
        return closed if isinstance(closed, Refused) else self._outcome(order, run_id, already=closed)

    def _run(self, order: Order, run_id: RunId) -> runs.Run:
        with self._db.begin(order.actor, tenants=[order.tenant_id]) as tx:
            return runs.get(tx, tenant_id=order.tenant_id, run_id=run_id)

    def _post(self, order: Order, taken: Taken) -> RunOutcome:
        run_id, already, told = taken.run.run_id, taken.already, list[RunOutcome]()
        if taken.run.status not in (runs.Status.RECEIVED, runs.Status.CONFIRMED, runs.Status.POSTED):
            return self._outcome(order, run_id, already=already)

        def tell(tx: Tx) -> None:
            told.append(_outcome(tx, order, run_id, already=already))
            if order.keep is not None:
                order.keep(tx, told[-1])

        of = payroll_run.Payroll(order.tenant_id, order.plan_id, run_id)
        wait = self._after is None
        done = payroll_run.run_payroll(
            self._db, actor=order.actor, of=of, wait=wait, begun_with=taken.begun_with, along=None if wait else tell
        )
        # Not told along with the last step where that was taken before, or was never reached.
        outcome = told[-1] if told else self._outcome(order, run_id, already=already)
        if self._after is not None and done.halted is None:
            self._after.follow(of)
        return outcome

    def _outcome(self, order: Order, run_id: RunId, *, already: bool = False) -> RunOutcome:
        with self._db.begin(order.actor, tenants=[order.tenant_id]) as tx:
            return _outcome(tx, order, run_id, already=already)


def _outcome(tx: Tx, order: Order, run_id: RunId, *, already: bool) -> RunOutcome:
    run = runs.get(tx, tenant_id=order.tenant_id, run_id=run_id)
    found = runs.findings_of_run(tx, tenant_id=order.tenant_id, run_id=run_id, run=run)
    findings: list[FindingLine] = [finding_line(each) for each in found]
    return RunOutcome(
        run_id=run_id,
        state=state_of(run, waits=bool(held_on(tx, tenant_id=order.tenant_id, plan_id=order.plan_id, found=[run]))),
        needs_confirmation=run.status == runs.Status.NEEDS_CONFIRMATION,
        findings=findings,
        already=already,
        file_sha256=_hash_of(tx, order.tenant_id, run) if run.status == runs.Status.REJECTED else "",
        rows_read=run.rows,
        found=sum(run.counts.get(severity, 0) for severity in payroll.Severity),
    )


def _hash_of(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> str:
    """Of the bytes themselves, for who sent them: what is on file is keyed, and this answer is not kept."""
    return hashlib.sha256(payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)).hexdigest()


def _again(reason: str) -> str:
    """Part of what a key stands for only where there is one, so that keys of before mean what they meant."""
    return f"again: {reason}|" if reason else ""


def _besides(said: payroll.Said) -> str:
    """The same of what is said besides the rows."""
    return f"said: {said.text}|" if said else ""


class VerifyStories:
    """The proof of the books, as JSON."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def verify(self, *, actor: Actor, tenants: Sequence[SponsorId] | None) -> Mapping[str, Any]:
        """``{"ok": true, "counts": ..., "problems": []}``."""
        return verify(self._db, actor=actor, tenants=tenants).as_json()
