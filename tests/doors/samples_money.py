"""Sample pages of the employer's money: every state that deposits and corrections can show. Not here: the others."""

# ruff: noqa: E501 - one line a row reads like the page

from datetime import date
from uuid import UUID

from tests.doors.samples import EMPLOYEE, HEADING, NOW, PAY_DATES, RUNS, TODAY

from open401k.compliance import CorrectionOwed
from open401k.custody import AccountChangeId, AchFileId, BankAccountId, StatementId
from open401k.custody.accounts import BankAccount, Change, Purpose
from open401k.custody.ach import AchFile, Debit, FileStatus
from open401k.custody.statements import Kept
from open401k.kernel import EntryId, FailureId, Money, ProposalId
from open401k.views.corrections import (
    CorrectionLine,
    CreditLine,
    FailureLine,
    Inbox,
    NoticeLine,
    OverpaidLine,
    OverpaidSettled,
    WorkingLine,
    since_words,
)
from open401k.views.corrections import WaitingLine as CostUntil
from open401k.views.deposit_page import (
    Choice,
    DepositLine,
    DepositsPage,
    LateMoney,
    TwiceLine,
    WaitingLine,
    WaitingMoney,
)
from open401k.views.deposits import State

DUE, PAID = Money.usd("8685.75"), Money.usd("102.50")
_STATEMENT, _FILE = str(StatementId(UUID(int=401))), AchFileId(UUID(int=402))
_TO_COME = {
    State.RETURNED: DUE,
    State.LATE: DUE,
    State.SHORT: Money.usd("685.75"),
    State.DUE: DUE,
    State.ON_ITS_WAY: DUE,
}
_LOST = LateMoney(
    Money.usd("12.07"), DUE, PAY_DATES[9], PAY_DATES[11], "$8,685.75 from 2026-06-01 to 2026-06-12: 11 days at 7 % to 2026-06-12, compounded daily", "DOL VFC Program section 5(b)"
)  # fmt: skip


def deposit(place: int, state: State, late: LateMoney | None = None) -> DepositLine:
    """One payroll's money in a state."""
    left = _TO_COME.get(state, Money(0))
    covered = state is State.COVERED
    sources = (("pre-tax", Money.usd("5200.00")), ("match", Money.usd("3485.75")))
    return DepositLine(
        run_id=RUNS[place], pay_date=PAY_DATES[place], state=state, reference=f"K0000000{place:05}",
        due=Money(0) if covered else DUE, outstanding=left, received=Money(0) if covered else DUE - left,
        received_on=PAY_DATES[place] if not covered and left != DUE else None, target_on=PAY_DATES[place],
        late_after=PAY_DATES[place], outer_limit_on=date(2026, 9, 15), why="what this employer has usually needed",
        sources=(("match", DUE), ("paid by forfeitures", Money(0) - DUE)) if covered else sources,
        employee_funded=Money.usd("5200.00"), employer_funded=Money.usd("2800.00"), late=late,
        to_do="The employer sends it again, by debit or by itself." if state is State.RETURNED else "",
    )  # fmt: skip


STATES = (State.RETURNED, State.LATE, State.SHORT, State.DUE, State.ON_ITS_WAY)
_SETTLED = tuple(deposit(place, State.RECEIVED) for place in range(9, 1, -1))
_LINE = WaitingLine(
    _STATEMENT, 1, TODAY, DUE, "ACME TOOL & DIE · WIRE 7781 · K000000000014", (Choice(RUNS[14], PAY_DATES[14], DUE),)
)
_OWED = CorrectionOwed(ProposalId(UUID(int=411)), "1 person not enrolled: $100.00 and earnings", PAY_DATES[12], PAID, Money(0), None)  # fmt: skip
_CAME = CorrectionOwed(ProposalId(UUID(int=412)), "Deposit of 2026-06-05 came late: $12.07", PAY_DATES[11], PAID, PAID, PAY_DATES[12])  # fmt: skip

DEPOSITS = DepositsPage(
    heading=HEADING,
    deposits=(
        *(deposit(15 - place, state) for place, state in enumerate(STATES)),
        deposit(10, State.RECEIVED, _LOST),
        deposit(1, State.COVERED),
        *_SETTLED,
    ),
    lines=(_LINE, WaitingLine(_STATEMENT, 2, TODAY, Money.usd("-45.10"), "ANALYSIS FEE")),
    money=(WaitingMoney(EntryId(UUID(int=403)), TODAY, Money.usd("250.00")),),
    files=tuple(AchFile(AchFileId(UUID(int=402 + n)), DUE.cents, PAY_DATES[13 - n], n == 1, NOW, status) for n, status in enumerate((*FileStatus, *[FileStatus.SENT] * 6))),
    statements=(
        Kept(StatementId(UUID(int=401)), "statement-2026-08-12.bai", "bai2", "0011", None, None, TODAY, NOW, 2),
    ),
    accounts=(
        BankAccount(BankAccountId(UUID(int=421)), Purpose.EMPLOYER, "Acme Tool & Die", "First", "", "checking", "121042882", "9012"),
        BankAccount(BankAccountId(UUID(int=422)), Purpose.PLAN, "Acme 401(k) Trust", "", "123456789", "checking", "231380104", "0011"),
    ),
    changes=(Change(AccountChangeId(UUID(int=423)), "1", "C01", "The employer's account ends in 4455 (C01).", None),),
    set_aside=(WaitingLine(_STATEMENT, 3, TODAY, DUE, "told by camt.054 before", _LINE.choices),),
    twice=(TwiceLine(_LINE, f"{DUE} for the payroll of 2026-07-24", f"{DUE} as the employer's money"),),
    corrections=(_OWED, _CAME),
    returned=(Debit(_FILE, "1", RUNS[15], DUE.cents, PAY_DATES[13], "R01", PAY_DATES[14], False, None),),
)  # fmt: skip

_WORKED = WorkingLine("Machinist One", "2026", "6.00 %", "the election of 2026-04-24", Money.usd("4000.00"), Money(0), Money.usd("240.00"), "25 %", Money.usd("60.00"), Money.usd("40.00"), "correct deferrals within three years", ("Not the 0 % relief: the notice came too late.",))  # fmt: skip


def correction(number: int, state: str, since: tuple[str, ...] = ()) -> CorrectionLine:
    """One correction: it waits, or is decided."""
    waits = state == "proposed"
    return CorrectionLine(
        proposal_id=ProposalId(UUID(int=410 + number)), kind="Election not followed",
        title="1 election not followed: $100.00 and earnings", text="$240.00 of elective deferrals were not withheld.",
        paragraph="Rev. Proc. 2021-30 App. A .05", state=state, waits=waits, approved=state.startswith("approved"),
        principal=Money.usd("100.00"), earnings=Money.usd("2.50"), total=PAID, decide_by=date(2026, 9, 28),
        not_ready="", needed=("The rate of one person is not on file.",) if waits else (), proposed_at=NOW,
        ended_at=None if waits else NOW, ended_by="" if waits else "Acme's sponsor", reason="", replaced_by="",
        credits=(CreditLine("Machinist One", "qnec", Money.usd("100.00"), Money.usd("2.50")),),
        waiting=(CostUntil(date(2026, 9, 28), "25 %: $60.00"), CostUntil(None, "50 %: $120.00")) if waits else (),
        notices=(NoticeLine("Machinist One", date(2026, 9, 28), "To Machinist One: ..."),), working=(_WORKED,),
        failure=FailureLine(FailureId(UUID(int=431)), None, None, None) if waits else None, since=since,
    )  # fmt: skip


INBOX = Inbox(
    HEADING,
    (correction(0, "proposed"),),
    (
        correction(1, "approved and posted", since_words(_OWED, notices=1, notice_on=None)),
        correction(2, "approved and posted", since_words(_CAME, notices=1, notice_on=PAY_DATES[12])),
        correction(3, "declined"),
    ),
    ((EMPLOYEE, "Machinist One"),),
    (("election_not_followed", "Election not followed"),),
    (
        OverpaidLine(EMPLOYEE, "Machinist One", "match", Money.usd("51.20"), PAY_DATES[13], date(2027, 10, 1), "the plan administrator asks it back", "$51.20 of match had left the account before it was taken back.", "Rev. Proc. 2021-30 section 6.06(4)", "match"),
        OverpaidLine(EMPLOYEE, "Machinist One", "profit sharing", Money.usd("9.80"), PAY_DATES[13], None, "the employer", "$9.80 of profit sharing had left the account.", "IRC 414(aa)", "profit_sharing"),
    ),
    (
        OverpaidSettled("d1", "Apprentice", "match", "$20.00 came back from the person on 2026-06-12", "By check."),
        OverpaidSettled(
            "d2", "Apprentice", "match", "$5.00 was restored on 2026-06-12", "By wire.", date(2026, 6, 20), "Not ours."
        ),
    ),
)  # fmt: skip
