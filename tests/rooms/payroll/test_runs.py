"""Runs: the same file twice, corrections, look-alikes, remembered mappings, what is due."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg
import pytest
from tests.rooms.payroll.test_catalogue import GOOD, HEADER, SECOND, THIRD, codes, lines, read, standing
from tests.support.database import Begin

from open401k.base import audit
from open401k.base.db import Database
from open401k.kernel import PlanId, Refused, RunId, SponsorId
from open401k.payroll import Severity, _events_store, files, open_upload, remittance, runs, settle
from open401k.payroll.runs import Received, Refusal, Status

FILE = lines(GOOD, SECOND, THIRD)


@pytest.fixture
def plan(begin: Begin) -> PlanId:
    with begin() as tx:
        return tx.ids.new(PlanId)


def sent(begin: Begin, tenant: SponsorId, plan: PlanId, data: bytes = FILE, **how: object) -> Received:
    with begin() as tx:
        received = runs.receive(tx, tenant_id=tenant, plan_id=plan, file_name="a.csv", data=data, **how)  # type: ignore[arg-type]
        assert isinstance(received, Received), received
        return received


def posted(begin: Begin, tenant: SponsorId, plan: PlanId, data: bytes = FILE, **how: object) -> RunId:
    received = sent(begin, tenant, plan, data, **how)
    with begin() as tx:
        assert runs.checked(tx, tenant_id=tenant, run_id=received.run.run_id, outcome=read(data)) is Status.RECEIVED
        runs.mark(tx, tenant_id=tenant, run_id=received.run.run_id, status=Status.POSTED)
    return received.run.run_id


def test_same_bytes_are_the_same_run(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    first, again = sent(begin, tenant, plan), sent(begin, tenant, plan)
    assert (first.already, again.already) == (False, True)
    assert again.run.run_id == first.run.run_id


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
def test_a_file_is_read_back_whole_in_pieces_of_any_size(
    begin: Begin, tenant: SponsorId, plan: PlanId, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(_events_store, "PIECE", piece)
    received = sent(begin, tenant, plan)
    with begin() as tx:
        assert files.content(tx, tenant_id=tenant, file_id=received.run.file_id) == FILE


def test_two_uploads_of_one_file_at_once_are_one_run(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    with ThreadPoolExecutor(4) as pool:
        received = list(pool.map(lambda _: sent(begin, tenant, plan), range(4)))
    assert len({each.run.run_id for each in received}) == 1
    assert sorted(each.already for each in received) == [False, True, True, True]


def test_rejected_bytes_may_pass_later(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    run = sent(begin, tenant, plan).run
    stranger = read(FILE, known=standing(place={}, birth_date=[None] * 3))
    with begin() as tx:
        assert runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=stranger) is Status.REJECTED
    again = sent(begin, tenant, plan)
    assert (again.already, again.run.status) == (True, Status.REJECTED)
    with begin() as tx:
        assert runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=read(FILE)) is Status.RECEIVED


def test_same_bytes_in_another_plan_are_another_run(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    with begin() as tx:
        other = tx.ids.new(PlanId)
    assert sent(begin, tenant, plan).run.run_id != sent(begin, tenant, other).run.run_id


def test_real_second_run_of_the_same_bytes_needs_a_reason(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    first = posted(begin, tenant, plan)
    second = sent(begin, tenant, plan, second_run_reason="bonus run, same amounts")
    assert (second.already, second.run.attempt) == (False, 2)
    assert second.run.run_id != first


def test_file_is_stored_sealed_and_comes_back_whole(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    run = sent(begin, tenant, plan).run
    with begin() as tx:
        stored = tx.one("select sealed from payroll.file where tenant_id = %s and file_id = %s", [tenant, run.file_id])
        assert b"6789" not in bytes(stored[0])
        assert files.content(tx, tenant_id=tenant, file_id=run.file_id) == FILE


def test_same_bytes_with_the_same_reason_are_one_second_run(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    first = sent(begin, tenant, plan)
    second = sent(begin, tenant, plan, second_run_reason="bonus")
    clicked_twice = sent(begin, tenant, plan, second_run_reason="bonus")
    third = sent(begin, tenant, plan, second_run_reason="another bonus")
    assert clicked_twice.already
    assert clicked_twice.run.run_id == second.run.run_id
    assert len({first.run.run_id, second.run.run_id, third.run.run_id}) == 3


def test_same_content_in_other_bytes_stops(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    first = posted(begin, tenant, plan)
    shuffled = lines(THIRD, GOOD, SECOND)
    run = sent(begin, tenant, plan, shuffled).run
    with begin() as tx:
        refused = runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=read(shuffled))
        assert isinstance(refused, Refused)
        told = {"run_id": str(first), "refused_run_id": str(run.run_id)}
        assert (refused.reason, refused.detail) == (Refusal.LOOKS_LIKE, told)


def taken_off(first: str, second: str, *, turned: bool = False) -> bytes:
    """The file with a column of a deduction code."""
    rows = [GOOD | {"code": first}, SECOND | {"code": second}, THIRD | {"code": ""}]
    return lines(*(rows[::-1] if turned else rows), header=f"{HEADER},deduction:MED125")


@pytest.mark.parametrize("before", [False, True])
def test_a_changed_deduction_is_another_payroll_than_one_checked_since_deductions_count(
    begin: Begin, tenant: SponsorId, plan: PlanId, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """What was checked before they did keeps its sum: the same payroll again is recognized, with or without them."""
    data = taken_off("10.00", "5.00")
    received, kept = sent(begin, tenant, plan, data), read(data)
    with monkeypatch.context() as edition, begin() as tx:
        if before:
            edition.setattr(runs, "_CONTENT", runs._CONTENT_BEFORE)
            kept.content = kept.content_before
        assert isinstance(runs.checked(tx, tenant_id=tenant, run_id=received.run.run_id, outcome=kept), Status)
        runs.mark(tx, tenant_id=tenant, run_id=received.run.run_id, status=Status.POSTED)
    for data, same in ((taken_off("10.00", "5.00", turned=True), True), (taken_off("5.00", "10.00"), before)):
        run = sent(begin, tenant, plan, data).run
        with begin() as tx:
            found = runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=read(data))
            assert isinstance(found, Refused) is same, found


def test_correction_names_the_run_it_replaces(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    first = posted(begin, tenant, plan)
    with begin() as tx:
        proposed = runs.replaceable(tx, tenant_id=tenant, plan_id=plan, pay_date=date(2026, 3, 13))
    assert [run.run_id for run in proposed] == [first]
    second = posted(begin, tenant, plan, lines(GOOD | {"pre_tax": "210.00"}, SECOND, THIRD), replaces=first)
    with begin() as tx:
        assert runs.get(tx, tenant_id=tenant, run_id=first).replaced_by == second
        assert {run.run_id for run in runs.history(tx, tenant_id=tenant, plan_id=plan)} == {first, second}
        again = runs.receive(tx, tenant_id=tenant, plan_id=plan, file_name="c", data=b"x", replaces=first)
        assert isinstance(again, Refused)
        assert again.reason is Refusal.ALREADY_REPLACED


def test_correction_before_its_original_is_refused_by_name(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    with begin() as tx:
        missing = tx.ids.new(RunId)
        refused = runs.receive(tx, tenant_id=tenant, plan_id=plan, file_name="c", data=b"x", replaces=missing)
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.ORIGINAL_MISSING
        assert str(missing) in refused.message


def test_rejected_run_keeps_its_findings(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    bad = lines(GOOD | {"pre_tax": "-1.00"}, SECOND | {"ssn": "12345678"})
    run = sent(begin, tenant, plan, bad).run
    with begin() as tx:
        assert runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=read(bad)) is Status.REJECTED
    with begin() as tx:
        found = runs.findings_of_run(tx, tenant_id=tenant, run_id=run.run_id)
        assert [(finding.severity, str(finding.code), finding.row) for finding in found] == [
            (Severity.REJECT, "amount.negative_not_allowed", 2),
            (Severity.REJECT, "ssn.length", 3),
        ]
        assert found == read(bad).findings.by_place()
        assert runs.get(tx, tenant_id=tenant, run_id=run.run_id).counts["reject"] == 2


def test_confirmation_is_asked_once(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    data = lines(GOOD | {"last_name": "Ruiz"})
    run = sent(begin, tenant, plan, data).run
    with begin() as tx:
        checked = runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=read(data))
        assert checked is Status.NEEDS_CONFIRMATION
        runs.mark(tx, tenant_id=tenant, run_id=run.run_id, status=Status.CONFIRMED, detail={"said": "married"})
        assert runs.checked(tx, tenant_id=tenant, run_id=run.run_id, outcome=read(data)) is Status.CONFIRMED
        assert audit.verify(tx, tenant_id=tenant) == []


PROVIDER_HEADER = (
    HEADER.replace("pre_tax", "401k Deferral").replace("gross_comp", "Gross Pay").replace("dob", "Birthday")
)


def test_mapping_is_remembered_and_a_changed_heading_asks_again(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    data = lines(GOOD, header=PROVIDER_HEADER)
    opened = open_upload(data, provider="northwind")
    assert opened.mapping is None
    assert opened.proposal is not None
    with begin() as tx:
        runs.remember(tx, tenant_id=tenant, plan_id=plan, mapping=settle(opened.proposal, {}))
    with begin() as tx:
        known = runs.remembered(tx, tenant_id=tenant, plan_id=plan, provider="northwind")
    settled = open_upload(data, provider="northwind", remembered=known)
    assert settled.mapping == known[0]
    assert [row.pre_tax_cents for chunk in settled.chunks() for row in chunk] == [200_00]
    renamed = open_upload(data.replace(b"401k Deferral", b"Def Amt"), provider="northwind", remembered=known)
    assert renamed.mapping is None
    assert renamed.proposal is not None
    assert renamed.proposal.changes == ("Column J: '401k Deferral' is now 'Def Amt'.",)
    assert renamed.proposal.columns[9].changed_from == "401k Deferral"
    assert codes(renamed.findings) == ["header.unknown"]


AMOUNT = re.compile(rb"(?<=,)\d+\.\d\d(?=,)")


def test_a_settled_file_that_is_written_otherwise_asks_again_and_is_then_read() -> None:
    data = lines(GOOD, header=PROVIDER_HEADER)
    headings_alone = open_upload(lines(header=PROVIDER_HEADER), provider="northwind")
    assert headings_alone.proposal is not None
    known = settle(headings_alone.proposal, {})  # nobody has seen yet how the provider writes a day
    written = data.replace(b"1979-04-02", b"04/02/1979").replace(b"2015-02-02", b"02/02/2015")
    written = written.replace(GOOD["pay_date"].encode(), b"07/17/2026")
    for now, then in (
        (written, "Dates were settled to be written as YYYY-MM-DD, and are now as MM/DD/YYYY."),
        (data.replace(b",4000.00,", b',"4,000.00",'), "Amounts of a thousand and more are now written like 1,234.56."),
        (AMOUNT.sub(rb"$\g<0>", data), "Amounts are now written with a dollar sign."),
    ):
        asked = open_upload(now, provider="northwind", remembered=[known])
        assert asked.mapping is None
        assert asked.proposal is not None
        assert [each.reason for each in asked.findings.listed] == [then] == list(asked.proposal.changes)
        assert codes(asked.findings) == ["cells.changed"]
        read_now = open_upload(now, provider="northwind", remembered=[settle(asked.proposal, {}), known])
        assert read_now.mapping is not None
        assert [row.birth_date for chunk in read_now.chunks() for row in chunk] == [date(1979, 4, 2)]
        assert not read_now.findings.listed


def test_one_cell_written_otherwise_is_a_finding_of_its_own_and_settles_nothing() -> None:
    data = lines(GOOD, SECOND, header=PROVIDER_HEADER)
    proposal = open_upload(data, provider="northwind").proposal
    assert proposal is not None
    known = settle(proposal, {})
    for cell, other, code in (
        (b"1979-04-02", b"04/02/1979", "date.format"),
        (b",200.00,", b",$200.00,", "amount.format"),
        (b",4000.00,", b',"4,000.00",', "amount.format"),
    ):
        opened = open_upload(data.replace(cell, other, 1), provider="northwind", remembered=[known])
        assert opened.mapping == known
        list(opened.chunks())
        assert codes(opened.findings) == [code]


def test_nothing_of_a_run_is_ever_changed(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    run = sent(begin, tenant, plan).run
    for sql in ("update payroll.run set provider = 'x'", "delete from payroll.run_event", "truncate payroll.finding"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as tx:
            tx.run(sql)
    with begin() as tx:
        assert runs.get(tx, tenant_id=tenant, run_id=run.run_id).status == Status.RECEIVED


def test_another_tenant_sees_nothing(db: Database, begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    from tests.support.database import TESTER, new_tenant

    sent(begin, tenant, plan)
    other = new_tenant(db)
    with db.begin(TESTER, tenants=[other]) as tx:
        assert runs.history(tx, tenant_id=tenant, plan_id=plan) == []


def test_what_is_due_is_recorded_once(begin: Begin, tenant: SponsorId, plan: PlanId) -> None:
    run_id = posted(begin, tenant, plan)
    owed = remittance.due(
        run_id=run_id,
        pay_date=date(2026, 3, 13),
        employee_cents=remittance.withheld(read(FILE).totals),
        employer_cents=300_00,
        participants_at_start_of_year=3,
    )
    assert (owed.total_cents, owed.due_on, owed.outer_limit_on) == (900_00, date(2026, 3, 24), date(2026, 4, 21))
    with begin() as tx:
        remittance.record(tx, tenant_id=tenant, plan_id=plan, remittance=owed)
        remittance.record(tx, tenant_id=tenant, plan_id=plan, remittance=owed)
        assert remittance.recorded(tx, tenant_id=tenant, plan_id=plan) == [owed]
