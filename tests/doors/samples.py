"""View-models to draw pages from: a plan in August, on track to fail ADP. Figures are decoration, not worked out."""

# ruff: noqa: E501 - one line a row reads like the page

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from open401k.kernel import (
    AlertId,
    EmployeeId,
    EntryId,
    InstructionId,
    LoanId,
    Money,
    PlanId,
    RolloverId,
    RunId,
    SponsorId,
)
from open401k.recordkeeping import Explanation
from open401k.views.advisor_book import AdvisorBook, BookLine
from open401k.views.alert import AlertDetail, CureLine, EffectLine, NoticeLine
from open401k.views.conveyor import StageLine, StageState
from open401k.views.elections import ElectionLine, Elections, EnrollmentDutyLine, PersonElections, WithholdingCase
from open401k.views.instructions import InstructionLine, Instructions
from open401k.views.loans import (
    Borrowing,
    InstallmentLine,
    LeaveLine,
    LentLine,
    LoanDetail,
    LoanLine,
    OffsetLine,
    PlanLoans,
    RepaidLine,
)
from open401k.views.participant import AskedLine, GivenLine, MoneyLine, OffsetWords, ParticipantPage
from open401k.views.payroll_history import (
    DepositLine,
    EntryLine,
    PayrollHistory,
    RunDetail,
    RunRow,
    StepLine,
)
from open401k.views.payroll_upload import ColumnProposal, FieldChoice, PayrollMapping, PayrollUpload
from open401k.views.people import People, PersonDetail, PersonLine, SourceLine
from open401k.views.plan_health import AveragePoint, PlanHealth
from open401k.views.rollover_explanations import ExplanationLine
from open401k.views.rollover_wishes import WishLine
from open401k.views.rollovers import (
    FormLine,
    Looked,
    LookProblem,
    MissingLine,
    PartLine,
    PlanRollovers,
    RollingIn,
    RolloverDetail,
    RolloverLine,
    SettledTax,
    SourceShare,
    ToldLine,
    WithheldTax,
)
from open401k.views.rollovers_invalid import InvalidLine, InvalidShown
from open401k.views.shown import (
    AlertLine,
    DutyLine,
    DutyState,
    FindingLine,
    PayrollLine,
    Percent,
    PlanHeading,
    Projection,
    RunState,
    Standing,
    StandingLine,
)
from open401k.views.test_detail import PayrollRowLink, PersonWorking, TestDetail, TestsOverview, WorkingStep
from open401k.views.waiting import WaitingLine

TODAY = date(2026, 8, 14)
NOW = datetime(2026, 8, 14, 13, 2, tzinfo=UTC)
SPONSOR = SponsorId(UUID(int=1))
PLAN = PlanId(UUID(int=2))
ALERT = AlertId(UUID(int=3))
EMPLOYEE = EmployeeId(UUID(int=50))
ROLLED = RolloverId(UUID(int=70))
RUNS = [RunId(UUID(int=100 + place)) for place in range(16)]
PAY_DATES = [date(2026, 1, 9) + timedelta(days=14 * place) for place in range(16)]
ROLES = ("Owner One", "Owner Two", "Machinist One", "Machinist Two", "Bookkeeper", "Welder", "Apprentice")

HEADING = PlanHeading(
    SPONSOR, "Acme Tool & Die, Inc.", PLAN, "Acme Tool & Die 401(k) Plan", TODAY, date(2026, 12, 31), 12
)

PROJECTION = Projection(
    "adp", "Average of the highly compensated", Percent(9_130), Percent(705), Percent(750), Percent(790),
    Percent(521), Percent(488), Percent(560), 10_000,
)  # fmt: skip

ALERT_LINE = AlertLine(
    ALERT,
    "On track to fail the ADP test",
    "Highly compensated employees are projected at 7.50% against a limit of 5.21% "
    "(eight of ten year ends lie between 7.05% and 7.90%). About $6,412.00 would have to be refunded by March 15.",
    date(2026, 9, 15),
    "The sponsor",
    NOW,
)

TESTS = (
    StandingLine("adp", "Average deferral percentage (ADP)", "IRC 401(k)(3)", Standing.AT_RISK, Percent(733), Percent(521), "2.12 points over the limit if the year ended today.", TODAY, PROJECTION),
    StandingLine("acp", "Average contribution percentage (ACP)", "IRC 401(m)(2)", Standing.PASSES, Percent(301), Percent(412), "1.11 points of room.", TODAY),
    StandingLine("402g", "Deferral limit", "IRC 402(g)(1)", Standing.PASSES, Money.usd("18450.00"), Money.usd("24500.00"), "The highest saver has $6,050.00 of room.", TODAY),
    StandingLine("415c", "Annual additions", "IRC 415(c)", Standing.PASSES, Money.usd("24600.00"), Money.usd("72000.00"), "Nobody is near the limit.", TODAY),
    StandingLine("top_heavy", "Top-heavy", "IRC 416(g)", Standing.FAILS, Percent(6_412), Percent(6_000), "The plan is top-heavy for 2026: a minimum of 3% is due.", TODAY),
    StandingLine("410b_401k", "Coverage", "IRC 410(b)", Standing.PASSES, Percent(10_000), Percent(7_000), "Everyone who must be counted benefits.", TODAY),
)  # fmt: skip


def payroll(
    place: int, state: RunState = RunState.POSTED, *, notes: int = 0, holds: int = 0, rejects: int = 0
) -> PayrollLine:
    """One payroll of the story."""
    day = PAY_DATES[place]
    return PayrollLine(
        RUNS[place], day, "Gusto", f"acme-{day}.csv", 12, Money.usd("6204.11"), Money.usd("2481.64"), state, notes, holds, rejects
    )  # fmt: skip


PAYROLLS = (
    payroll(15, RunState.CHECKED, notes=1, holds=1),
    payroll(14),
    payroll(13, RunState.POSTED_WITH_HOLDS, holds=1),
    payroll(12, RunState.REJECTED, rejects=2),
    payroll(11, RunState.REPLACED),
)

HEALTH = PlanHealth(
    HEADING,
    (ALERT_LINE,),
    Money.usd("1284310.22"),
    Money.usd("138402.10"),
    10,
    Money.usd("8685.75"),
    date(2026, 8, 21),
    date(2026, 8, 21),
    tuple(
        AveragePoint(day, Percent(600 + 9 * place), Percent(300 + place), Percent(500 + place))
        for place, day in enumerate(PAY_DATES)
    ),
    TESTS,
    PAYROLLS,
    (
        DutyLine(date(2026, 8, 21), "Deposit of the August 7 payroll", "seven business days after the pay date", DutyState.SOON, Money.usd("8685.75"), RUNS[15]),
        DutyLine(date(2026, 9, 15), "Decide how to pass ADP", "so that notices can go out in time", DutyState.AHEAD, alert_id=ALERT),
        DutyLine(date(2026, 8, 7), "Deposit of the July 24 payroll", "received the same day", DutyState.DONE, Money.usd("8685.75"), RUNS[14]),
        DutyLine(date(2026, 7, 31), "Semiannual fee disclosure", "", DutyState.LATE),
    ),
    (
        WaitingLine("who_is_who", 1, "row that may be somebody on file", "rows that may be somebody on file", "/who-is-who"),
        WaitingLine("bank_lines", 12, "line of a bank statement that fits no payroll", "lines of bank statements that fit no payroll", "/deposits#h-lines"),
        WaitingLine("corrections", 3, "correction to approve or decline", "corrections to approve or decline", "/corrections"),
    ),
)  # fmt: skip

FINDINGS = (
    FindingLine("reject", "ssn.known_invalid", 5, "C SSN", "***-**-6789", "This number is not a Social Security number: 000 is never issued as its first part (SSA).", "Correct it in the payroll system, then export again.", "Machinist One"),
    FindingLine("hold", "limit.402g", 2, "J pre_tax", "$1,200.00", "This row would bring the year's deferrals to $24,700.00, over the $24,500.00 limit for 2026 (IRC 402(g)).", "If the pay date is past: keep it in suspense and return it by April 15; else send $1,000.00.", "Owner One", confirm=True),
    FindingLine("note", "hire_date.missing", 13, "E hire_date", "", "A new person has no hire date, so entry into the plan cannot be told.", "Send it with the next file.", "Apprentice", way=f"/people/{EMPLOYEE}", way_words="See the person"),
)  # fmt: skip

STEPS = (
    StepLine("read", "File read", NOW, "12 rows"),
    StepLine("match", "People matched", NOW, "12 known"),
    StepLine("check", "Every row checked", NOW, "1 held"),
    StepLine("record", "Pay recorded", None),
    StepLine("post", "Contributions posted", None),
    StepLine("retest", "Every test run", None),
)


STAGES = (
    StageLine("received", "Received", StageState.DONE, "12 rows", NOW),
    StageLine("checked", "Checked", StageState.ASKS, "needs your yes", NOW, "#h-findings"),
    StageLine("held", "Held", StageState.ASKS, "1 finding would hold money", None, "#h-findings"),
    StageLine("posted", "Posted", StageState.NOW, "ready to post", None, "#h-post"),
    StageLine("funded", "Funded", StageState.STOPPED, "$8,685.75 late, was due 2026-08-14", None, "/deposits"),
    StageLine("told_back", "Told back", StageState.AHEAD, "not yet"),
)


def run_detail(state: RunState = RunState.CHECKED) -> RunDetail:
    """One payroll to the last row."""
    rows = tuple(
        RunRow(place + 2, EmployeeId(UUID(int=50 + place)), role, f"***-**-{1230 + place}", Money.usd("4230.77"), Money.usd("420.00"), Money.usd("80.00"), Money(0), Money.usd("169.23"), Money(0), Money(0))
        for place, role in enumerate(ROLES)
    )  # fmt: skip
    posted = state not in (RunState.CHECKED, RunState.REJECTED)
    entries = (
        EntryLine(
            EntryId(UUID(int=900)),
            PAY_DATES[15],
            NOW,
            "contribution",
            "payroll of Aug 7, rows 2 to 13",
            Money.usd("8685.75"),
            31,
        ),
    )
    return RunDetail(
        HEADING, payroll(15, state, notes=1, holds=1), date(2026, 7, 19), date(2026, 8, 1), NOW, "the sponsor", STEPS, FINDINGS, rows,
        entries if posted else (),
        DepositLine(Money.usd("8685.75"), date(2026, 8, 14), date(2026, 8, 18), None, DutyState.SOON, "29 CFR 2510.3-102(a)(2)"), STAGES,
    )  # fmt: skip


MAPPING = PayrollMapping(
    HEADING, RUNS[15], "acme-2026-08-07.csv", "Gusto", 12, date(2026, 8, 7),
    (
        ColumnProposal(0, "Employee SSN", "ssn", True, "named like it, and every value has nine digits", ("***-**-1234", "***-**-1235", "***-**-1236")),
        ColumnProposal(1, "401k EE", "pre_tax", True, "remembered from Gusto", ("420.00", "380.00", "0.00")),
        ColumnProposal(2, "Retire 2", "roth", False, "amounts below pay; no heading we know", ("80.00", "0.00", "0.00")),
        ColumnProposal(3, "Dept", None, True, "words, not used", ("Shop", "Shop", "Office")),
    ),
    (FieldChoice("ssn", "Social Security number", True), FieldChoice("pre_tax", "Pre-tax deferral"), FieldChoice("roth", "Roth deferral"), FieldChoice("gross", "Gross pay", True)),
    remembered=False,
    changed=("Column C was “Roth 401k” and is now “Retire 2”.",),
    missing=("Gross pay",),
)  # fmt: skip

UPLOAD = PayrollUpload(HEADING, PAYROLLS, ("Gusto", "ADP"), date(2026, 8, 21))
HISTORY = PayrollHistory(HEADING, PAYROLLS, older="2026-05-29")
OVERVIEW = TestsOverview(HEADING, TESTS)

DETAIL = TestDetail(
    HEADING, TESTS[0], NOW, "2026.3",
    (
        WorkingStep("hce", "Average of the highly compensated", Percent(733), "average of 2 people", "Reg. 1.401(k)-2(a)(2)", ("people",)),
        WorkingStep("nhce", "Average of everyone else", Percent(321), "average of 10 people", "Reg. 1.401(k)-2(a)(2)", ("people",)),
        WorkingStep("times", "1.25 times everyone else", Percent(401), "3.21% × 1.25", "IRC 401(k)(3)(A)(ii)(I)", ("nhce",)),
        WorkingStep("plus", "The lesser of twice and two points more", Percent(521), "the lesser of 3.21% × 2 = 6.42% and 3.21% + 2 = 5.21%", "IRC 401(k)(3)(A)(ii)(II)", ("nhce",)),
        WorkingStep("limit", "Limit: the greater of both", Percent(521), "the greater of 4.01% and 5.21%", "", ("times", "plus")),
    ),
    ("Deferred", "Plan pay", "Ratio"),
    tuple(
        PersonWorking(EmployeeId(UUID(int=50 + place)), role, "Highly compensated" if place < 2 else "Everyone else", "owns more than 5%" if place < 2 else "", (Money.usd("7120.00"), Money.usd("97142.00"), Percent(733)), (PayrollRowLink(RUNS[15], place + 2, PAY_DATES[15], Money.usd("4230.77"), Money.usd("500.00")),) * 2)
        for place, role in enumerate(ROLES)
    ),
    PROJECTION,
)  # fmt: skip

ALERT_DETAIL = AlertDetail(
    HEADING, ALERT_LINE, PROJECTION,
    (
        CureLine("lower", "Lower the owners' deferrals", "Both owners defer 3.10% of pay from September 4 on.", True, "", Money(0), date(2026, 8, 28), date(2026, 9, 4), "The sponsor", False, (NoticeLine("Tell both owners", date(2026, 8, 28)),), Percent(519), Percent(521), Percent(640), (), (EffectLine("Owner One", "defers less", Money.usd("-2100.00"), Percent(310)),), "Solved for the highest rate that passes in nine of ten year ends."),
        CureLine("safe3", "Adopt a 3% safe harbor nonelective contribution", "3% of pay for every eligible employee; ADP need not be tested, and the top-heavy minimum is met.", True, "", Money.usd("21450.00"), date(2026, 11, 30), date(2026, 1, 1), "The sponsor, by amendment", True, (), Percent(750), None, Percent(0), (("3% of plan compensation", Money.usd("21450.00")),)),
        CureLine("more", "Enroll those who do not save", "Two people start at 6%.", False, "The provisions have no automatic enrollment, and an amendment would come too late for this year.", None, None, None, "", False, (), None, None, None),
    ),
    ((date(2026, 7, 24), "The chance of failing passed 50%."), (TODAY, "Alert raised after the August 14 payroll.")),
)  # fmt: skip

PEOPLE = People(
    HEADING,
    tuple(
        PersonLine(EmployeeId(UUID(int=50 + place)), role, f"***-**-{1230 + place}", date(2019, 3, 4), None, date(2019, 7, 1), place < 2, "owns more than 5%" if place < 2 else "paid $61,200.00 in 2025", Percent(733), Money.usd("7120.00"), Money.usd("2403.10"), Money.usd("303.10"), Money.usd("107025.85"))
        for place, role in enumerate(ROLES)
    ),
)  # fmt: skip

PERSON = PersonDetail(
    HEADING, PEOPLE.people[0], date(1979, 5, 2), date(2019, 7, 1), True, "owns more than 5%", Money.usd("97142.00"), Money.usd("85.00"),
    (
        SourceLine("pre_tax", Money.usd("7120.00"), Money(0), Money(0), Money.usd("104622.75"), Money.usd("104622.75")),
        SourceLine("match", Money.usd("2403.10"), Money.usd("303.10"), Money.usd("1.02"), Money.usd("2404.12"), None),
    ),
)  # fmt: skip

BOOK = AdvisorBook(TODAY, (BookLine(HEADING, Standing.AT_RISK, "ADP", 1, Money.usd("1284310.22"), PAY_DATES[15]),))

INSTRUCTIONS = Instructions(
    HEADING,
    (
        InstructionLine(InstructionId(UUID(int=81)), str(EMPLOYEE), "Machinist One", "***-**-1232", "pre_tax", "", Percent(600), None, False, PAY_DATES[3], "Elected.", "not_reflected", NOW, 1, "Payroll of 2026-02-13 withheld $0.00; $136.00 were to be.", True),
        InstructionLine(InstructionId(UUID(int=82)), str(EMPLOYEE), "Apprentice", "***-**-1236", "loan_payment", "L-1", None, Money.usd("55.00"), False, PAY_DATES[4], "Elected.", "acknowledged", NOW, 2, "", False),
        InstructionLine(InstructionId(UUID(int=83)), str(EMPLOYEE), "Welder", "", "roth", "", None, None, True, PAY_DATES[4], "Nothing more is to be withheld.", "queued", NOW, 0, "", False),
    ),
)  # fmt: skip

_ASKED = LoanLine(LoanId(UUID(int=91)), "L0002", EMPLOYEE, "Apprentice", "***-**-1236", "asked", Money.usd("5000.00"), 52, "biweekly", False, PAY_DATES[14], "", None, None, None, Money(0), Money(0), Money(0), None, None)  # fmt: skip
_LATE = LoanLine(LoanId(UUID(int=92)), "L0001", EMPLOYEE, "Machinist One", "***-**-1232", "late", Money.usd("10000.00"), 26, "biweekly", True, PAY_DATES[1], "", Percent(850), PAY_DATES[2], Money.usd("401.82"), Money.usd("8811.20"), Money.usd("8840.01"), Money.usd("401.82"), date(2026, 12, 31), Money.usd("9120.55"))  # fmt: skip
LOANS = PlanLoans(
    HEADING, True, Money.usd("1000.00"), Percent(100), (_ASKED, _LATE), (Borrowing(EMPLOYEE, "Machinist One"),)
)
LOAN = LoanDetail(
    HEADING,
    _LATE,
    (InstallmentLine(1, PAY_DATES[3], Money.usd("401.82"), Money.usd("32.69"), Money.usd("369.13"), Money.usd("9630.87"), True), InstallmentLine(2, PAY_DATES[4], Money.usd("401.82"), Money.usd("31.49"), Money.usd("370.33"), Money.usd("9260.54"), False)),
    (RepaidLine(PAY_DATES[3], Money.usd("401.82"), Money.usd("32.69"), Money.usd("369.13"), Money.usd("9630.87")),),
    (LentLine("pre_tax", Money.usd("7000.00"), Money.usd("6741.61")), LentLine("match", Money.usd("3000.00"), Money.usd("2889.26"))),
    (LeaveLine(PAY_DATES[5], PAY_DATES[9], True, Percent(600)),),
    OffsetLine(PAY_DATES[15], Money.usd("8840.01"), Money(0)),
)  # fmt: skip

_ASKED_OUT = RolloverLine(
    ROLLED, EMPLOYEE, "Machinist One", "***-**-1003", "out", "nigo", "something is missing", PAY_DATES[14],
    (MissingLine("275", "whether a domestic relations order is pending (IRC 414(p))", "source_custodian", True), MissingLine("277", "the plan administrator refused", "source_custodian", False)), None, None,
)  # fmt: skip
_CAME_IN = RolloverLine(
    RolloverId(UUID(int=71)), EMPLOYEE, "Machinist One", "***-**-1003", "in", "posted", "received", PAY_DATES[2], (), PAY_DATES[3], Money.usd("1300.00")
)  # fmt: skip
ROLLOVERS = PlanRollovers(
    HEADING, True, "Acme 401(k) Trust", ("pre_tax", "roth", "traditional_ira"), (_ASKED_OUT, _CAME_IN), (RollingIn(EMPLOYEE, "Machinist One"),),
    Looked(NOW, NOW, (LookProblem("", "Our node did not answer.", "Look whether it runs.", "operations"),)),
)  # fmt: skip
EXPLANATIONS = (
    ExplanationLine("cd" * 32, "Your rollover options", "2026", "text/plain", True, True, PAY_DATES[3], "usr_1", True),
    ExplanationLine("ce" * 32, "Your rollover options", "2025", "application/pdf", False, True, PAY_DATES[1], "usr_1", False),
)  # fmt: skip
EXPLANATION = Explanation(b"\xcd" * 32, "Your rollover options", "2026", "text/plain", True, True, NOW, "usr_1", b"You may ...")  # fmt: skip
WISHES = (
    WishLine(RolloverId(UUID(int=72)), EMPLOYEE, "Machinist One", "out", "pre-tax money to a traditional IRA; with First Custody", "IRA-7", PAY_DATES[14], ""),
    WishLine(RolloverId(UUID(int=73)), EMPLOYEE, "Apprentice", "in", "pre-tax money; from Old Plan Services", "S-1001", PAY_DATES[14], ""),
)  # fmt: skip
MINE = ParticipantPage(
    "Acme 401(k) Plan", TODAY, True, "because you left the employer on July 3, 2026",
    (
        MoneyLine("Your own pre-tax contributions", "pre_tax", Money.usd("12000.00"), Money.usd("12000.00"), Money.usd("12000.00")),
        MoneyLine("Employer match", "pre_tax", Money.usd("3000.00"), Money.usd("1200.00"), Money.usd("1200.00")),
        MoneyLine("Your own Roth contributions", "roth", Money.usd("800.00"), None, Money(0)),
    ),
    Money.usd("13200.00"), Money.usd("120.00"),
    (OffsetWords(Money.usd("880.00"), PAY_DATES[14], True, date(2027, 10, 15), date(2027, 4, 15), "IRC 402(c)(3)(C); Reg. 1.402(c)-2(g)"),),
    True, Percent(2000), (("pre_tax", "pre-tax money"), ("traditional_ira", "money of a traditional IRA")), (("pre_tax", "pre-tax money"), ("roth", "Roth money")),
    (GivenLine(EXPLANATIONS[0], "You may roll over ...\n\nYou have at least thirty days to decide.", ("roth", "other", "both")),),
    (
        AskedLine(RolloverId(UUID(int=74)), PAY_DATES[14], "out", "pre-tax money to a traditional IRA; with First Custody", "waits for the plan's staff", "", True, False),
        AskedLine(RolloverId(UUID(int=75)), PAY_DATES[13], "in", "pre-tax money; from Old Plan Services", "something is missing", "", False, True, (MissingLine("275", "whether a domestic relations order is pending", "source_custodian", True),)),
        AskedLine(RolloverId(UUID(int=76)), PAY_DATES[12], "in", "Roth money; from Old Plan Services", "declined", "The account is not yours", False, False),
    ),
)  # fmt: skip
ROLLOVER = RolloverDetail(
    HEADING,
    _ASKED_OUT,
    "source-fe5518cbe8dfe592",
    "ab" * 32,
    (PartLine(0, "pre_tax", Money.usd("1200.00"), Money(0), None, "plan", (SourceShare("pre_tax", Money.usd("1000.00")), SourceShare("match", Money.usd("200.00")))), PartLine(1, "roth", Money.usd("100.00"), Money.usd("80.00"), 2021, "person", (SourceShare("roth", Money.usd("100.00")),))),
    (ToldLine("approved", PAY_DATES[14], datetime(2026, 7, 24, 15, tzinfo=UTC), "usr_1"),),
    (
        FormLine(Money.usd("1200.00"), Money(0), Money(0), "G", None, Money(0), 2026, "participant"),
        FormLine(Money.usd("100.00"), Money.usd("100.00"), Money(0), "1", None, Money.usd("20.00"), 2026, "participant"),
    ),
    WithheldTax(Money.usd("20.00"), 2026, date(2027, 2, 1), "Reg. 31.6011(a)-4(b), 31.6071(a)-1"),
    InvalidShown(
        "required_minimum", "the payer's letter", PAY_DATES[14], "usr_1", 9,
        (InvalidLine("rollover", Money.usd("100.00"), Money.usd("10.00")),), Money.usd("110.00"), None, "", Money(0),
    ),
    withheld=Money.usd("10.00"),
    settled=SettledTax(Money.usd("20.00"), "the statement of the withholding account", PAY_DATES[14], "usr_1"),
)  # fmt: skip

ELECTIONS = Elections(
    HEADING,
    TODAY,
    True,
    (
        PersonElections(EMPLOYEE, "Machinist One", "***-**-1232", (ElectionLine("pre_tax", "", Percent(600), None, date(2026, 1, 1), "by the participant", False), ElectionLine("roth", "bonus", None, Money.usd("250.00"), date(2026, 3, 1), "on paper, entered by the administrator", False)), "elected"),
        PersonElections(EMPLOYEE, "Apprentice", "***-**-1236", (ElectionLine("pre_tax", "", Percent(400), None, date(2026, 7, 1), "did not elect: default of automatic enrollment", True),), "did not elect", date(2026, 9, 30)),
        PersonElections(EMPLOYEE, "Welder", "", (), "has not entered the plan"),
    ),
    (EnrollmentDutyLine("Notice of automatic enrollment", "Welder", date(2026, 7, 3), date(2026, 10, 1), "eligibility on 2026-10-01", "IRC 414(w)(4)"), EnrollmentDutyLine("Yearly notice of automatic enrollment", "", date(2026, 10, 2), date(2026, 12, 2), "plan year 2027", "IRC 414(w)(4)")),
    (WithholdingCase(EMPLOYEE, "Machinist One", ("not withheld at all",), PAY_DATES[2], PAY_DATES[4], 3, None, "$408.00 of elective deferrals were not withheld. With correct deferrals from 2026-08-14 on and the notice by 2026-09-28, the employer owes 25 % of them, $102.00, the match on them in full, and earnings.", "Rev. Proc. 2021-30 App. A .05", Money.usd("408.00"), Money.usd("102.00"), date(2026, 9, 28)),),
)  # fmt: skip
