"""What the code has no words for: the meaning of each code, refusal, setting and event. Tests hold it complete."""

# ruff: noqa: E501 - one line a row reads like the page

from enum import StrEnum

from open401k.ledger import Refusal as LedgerRefusal
from open401k.payroll.findings import Code, Severity
from open401k.payroll.runs import Refusal as PayrollRefusal
from open401k.plan import AmendmentRefusal
from open401k.recordkeeping import (
    DeclarationRefusal,
    EndingRefusal,
    HeldReason,
    InvalidRefusal,
    LoanRefusal,
    RolloverRefusal,
    UseRefusal,
)

N, H, R = Severity.NOTE, Severity.HOLD, Severity.REJECT

#: code -> (severity, what it means, what to do)
FINDINGS: dict[Code, tuple[Severity, str, str]] = {
    Code.FILE_EMPTY: (R, "The file has no heading row.", "Export it again."),
    Code.FILE_NO_ROWS: (
        R,
        "Headings, but nobody is paid.",
        "Say that the period has no contributions, or export again.",
    ),
    Code.FILE_TOO_LARGE: (R, "More bytes or columns than a payroll has.", "Split it by pay group."),
    Code.FILE_TYPE: (R, "Not a table that is read: another format, encrypted, damaged.", "Save it as .xlsx or .csv."),
    Code.FILE_ENCODING: (
        R,
        "Bytes that are no text in the encoding.",
        'Save it as "CSV UTF-8", or declare the encoding.',
    ),
    Code.FILE_DELIMITER: (
        N,
        "Cells are separated by something else than a comma.",
        "Nothing, if the columns look right.",
    ),
    Code.FILE_QUOTE: (R, "A quote that is never closed.", "Export it again."),
    Code.FILE_UNSAFE: (
        R,
        "A workbook with macros, entities, outside links, or one that unpacks beyond measure.",
        "Save the values alone as .csv.",
    ),
    Code.HEADER_MISSING: (R, "A column that every payroll needs is not there.", "Export it too."),
    Code.HEADER_UNKNOWN: (
        R,
        "A heading that nobody has said the meaning of.",
        "Say which field it is; it is remembered.",
    ),
    Code.HEADER_BLANK: (R, "A column without a heading.", "Name it or remove it."),
    Code.CELLS_CHANGED: (
        R,
        "A settled file writes its dates or amounts otherwise than when its columns were confirmed.",
        "Confirm the columns again: the file is then read as it is written now.",
    ),
    Code.HEADER_DUPLICATE: (R, "Two columns with one heading.", "Give each its own."),
    Code.COLUMNS_SWAPPED: (
        N,
        "Two columns look exchanged against the payrolls before.",
        "Look, then confirm or correct the file.",
    ),
    Code.ROW_SLID: (
        N,
        "Of one row of a file: a deferral stands where the last payroll had it in another column; or it is another and"
        " its match, almost alone, is not the plan's (neither where an election is on file); or pay or a deferral is"
        " another and the row, almost alone, has no hours. Cells may have slid.",
        "Correct the file; confirm if these are the right amounts.",
    ),
    Code.ROW_WIDTH: (R, "A row with more or fewer cells than headings.", "Put amounts with commas into quotes."),
    Code.RECORD_LENGTH: (
        R,
        "A record of a file with fixed positions is longer or shorter than its layout.",
        "Export it again; look for a line break or a letter of two bytes in a value.",
    ),
    Code.RECORD_UNKNOWN: (R, "A record begins like none of its layout.", "Correct the record type, or the layout."),
    Code.RECORD_ORDER: (
        R,
        "A header or trailer record is missing, or a record stands outside of its part.",
        "Send the whole file.",
    ),
    Code.VALUE_TOO_LONG: (R, "A value is longer than its place in a record.", "Shorten it at the source."),
    Code.ROW_DUPLICATE: (R, "The same person twice.", "Remove one row; add up two checks of one pay date."),
    Code.AMOUNT_FORMAT: (R, "Not an amount in dollars and cents.", "Write 1234.50."),
    Code.AMOUNT_PRECISION: (R, "A fraction of a cent.", "Round it at the source."),
    Code.AMOUNT_MISSING: (R, "A blank amount where the layout does not read blank as zero.", "Write 0.00."),
    Code.AMOUNT_NEGATIVE: (R, "An amount below zero.", "Send a corrected file that replaces the payroll it corrects."),
    Code.AMOUNT_IMPLAUSIBLE: (R, "An amount that no paycheck has.", "Check the decimal point and the column."),
    Code.AMOUNT_EXCEEDS_PAY: (R, "Deferrals above the pay they come from.", "Correct one of them."),
    Code.SSN_INVALID: (
        R,
        "No Social Security number: not nine digits, or never issued.",
        "Correct it in the payroll system.",
    ),
    Code.SSN_KNOWN_INVALID: (R, "A number known from samples and advertisements.", "Ask the employee."),
    Code.SSN_LENGTH: (R, "A leading zero was lost.", "Format the column as text."),
    Code.PERSON_CONFLICT: (
        R,
        "One number, two people; or a number that differs from the one on file.",
        "Correct the number of one of them.",
    ),
    Code.PERSON_NAME_CHANGED: (
        N,
        "A known number with another name.",
        "Confirm that it is the same person, or correct the number.",
    ),
    Code.PERSON_UNKNOWN: (
        R,
        "Nobody is on file, and the row does not say enough to add somebody. A note where it does.",
        "Send name, birth date and hire date.",
    ),
    Code.PERSON_TERMINATED: (H, "Money of somebody who left long ago.", "Say that they were rehired, or return it."),
    Code.PERSON_NUMBER_AGAIN: (
        N,
        "An employee number that was somebody else's; asks for a yes where that person works here still.",
        "Confirm, or correct the numbers in the file.",
    ),
    Code.PERSON_NOT_ELIGIBLE: (
        H,
        "Money of somebody who has not entered the plan.",
        "Return it through payroll, or correct the hire or birth date.",
    ),
    Code.PERSON_NOT_PAID: (
        N,
        "Somebody of the payroll before, not known to have left, who has no row. Told once, where half of that payroll's people have one.",
        "Say the last day if they left; else send the row, or nothing where there was no pay.",
    ),
    Code.EIN_FORMAT: (R, "Not nine digits.", "Write it as 12-3456789; a spreadsheet drops leading zeros."),
    Code.EIN_STRANGE: (
        N,
        "Rows of an employer that is neither the sponsor nor in an earlier payroll.",
        "Confirm where that employer has adopted the plan; else leave its rows out.",
    ),
    Code.NAME_FORMAT: (R, "Not a name or a reference: a formula, a number, too long, unprintable.", "Correct it."),
    Code.HIRE_DATE_MISSING: (R, "A new person without a hire date.", "Send it: entry into the plan follows from it."),
    Code.HIRE_DATE_CHANGED: (N, "Another hire date than on file.", "Record it as a correction if it is right."),
    Code.DOB_PLACEHOLDER: (N, "A birth date that is often a placeholder.", "Confirm or correct it."),
    Code.DOB_RANGE: (R, "A birth date that makes somebody too young or too old to be paid.", "Correct it."),
    Code.DOB_CHANGED: (N, "Another birth date than on file.", "Confirm or correct it."),
    Code.DATE_INVALID: (R, "No such day in the calendar.", "Correct it."),
    Code.DATE_FORMAT: (
        R,
        "A date that could be two days, or none.",
        "Write it as the layout says, such as 2026-08-14.",
    ),
    Code.DATE_ORDER: (R, "Dates in an impossible order.", "Correct one of them."),
    Code.PAY_DATE_MISSING: (R, "Nothing says the pay date.", "Add the column, or say it with the file."),
    Code.PAY_DATE_RANGE: (R, "A pay date too far ahead, or in a year that is closed.", "Correct it."),
    Code.PAY_DATE_MIXED: (R, "Several pay dates.", "Send each as a file of its own."),
    Code.RUN_UNDONE: (
        N,
        "A connected provider tells a payroll anew that a person has corrected here since.",
        "Confirm where the provider's has the correction in it; else close it, and correct it there.",
    ),
    Code.PAY_DATE_AGAIN: (
        N,
        "People of this file were paid on that day already, or the same for the same time by another pay date.",
        "Confirm a second payroll, or send it as a correction.",
    ),
    Code.PERIOD_OUTSIDE: (
        R,
        "A period of year-to-date figures that is not in a year that counts, or ends too late.",
        "Give the days of the plan year and calendar year up to the takeover.",
    ),
    Code.PERIOD_STRADDLES: (
        R,
        "A period of year-to-date figures with a day inside on which a count begins anew.",
        "Make two rows of it, up to that day and from it on.",
    ),
    Code.PERIOD_COVERED: (
        R,
        "Payrolls of that day were brought over in year-to-date figures or balances, or were posted here.",
        "Count each payroll once: [take over within a year](../howto/take-over-within-a-year.md).",
    ),
    Code.BALANCE_KNOWN: (
        R,
        "A balance of the year end before, of which the books hold the balances already.",
        "Leave the column out.",
    ),
    Code.FIGURES_MISSING: (
        R,
        "The law's figures of that year are not on file.",
        "Load them: [add a year](../howto/add-a-year.md).",
    ),
    Code.FIGURES_NOT_YET: (
        Severity.NOTE,
        "The 415(c) limit of a limitation year that ends next year is not announced; until then the one in force holds.",
        "Nothing; [add the year](../howto/add-a-year.md) once it is announced.",
    ),
    Code.HOURS_FORMAT: (R, "Not a number of hours.", "Write 80 or 80.25."),
    Code.HOURS_RANGE: (R, "Hours below zero, or more than a period has.", "Send the hours of this period."),
    Code.HOURS_AFTER_LEAVING: (
        N,
        "Hours of a pay period that begins after the last day, or of pay 45 days after it: they count if paid for work or leave.",
        "Say that they were hired again, if so. Nothing, if it is late pay; else send the row without hours.",
    ),
    Code.LIMIT_402G: (
        H,
        "The year's deferrals pass the limit (IRC 402(g)).",
        "Return the excess with its earnings by April 15.",
    ),
    Code.LIMIT_CATCHUP_AGE: (
        H,
        "Catch-up of somebody who does not reach 50 this year (IRC 414(v)).",
        "Return it, or correct the birth date.",
    ),
    Code.LIMIT_ROTH_CATCHUP: (
        H,
        "Catch-up that the wages of the year before require to be Roth (IRC 414(v)(7)). A note where it was coded as pre-tax "
        "catch-up and no limit of the year is passed yet: it posts as a deferral.",
        "Send it as Roth, or correct it by one of the two methods. Of a note: have what comes above the limit withheld as "
        "Roth.",
    ),
    Code.LIMIT_415: (H, "Annual additions pass the limit (IRC 415(c)).", "Correct the excess."),
    Code.LIMIT_415_EMPLOYER: (
        N,
        "Employer money of the plan's terms above the limit of annual additions (IRC 415(c)).",
        "Nothing: it is neither posted nor due. Leave it out of payroll.",
    ),
    Code.LIMIT_PLAN: (H, "Deferrals pass the plan's own limit.", "Send at most what the plan allows."),
    Code.ELECTION_MISMATCH: (
        N,
        "Another amount than was elected, or than the default of automatic enrollment.",
        "Correct the payroll system's election, record the new one, or confirm.",
    ),
    Code.ELECTION_FORMAT: (
        R,
        "A cell of a table of elections that says no source, part of pay, percentage or way.",
        "Write one of the words that are named, or a percentage from 0 to 100.",
    ),
    Code.ELECTION_REFUSED: (
        R,
        "An election that the plan does not take.",
        "Do what the finding says, or amend the plan.",
    ),
    Code.LOAN_UNKNOWN: (R, "A payment on a loan that is not on file.", "Correct the reference, or leave it out."),
    Code.LOAN_OVERPAY: (R, "More than the loan's payoff.", "Send the payoff and stop the deduction."),
    Code.LOAN_MISSED: (
        N,
        "An installment of a loan is missing once the payroll is posted.",
        "Withhold it within the cure period.",
    ),
    Code.MATCH_MISMATCH: (
        H,
        "Another match than the plan's formula gives.",
        "Nothing: the formula posts. Correct the payroll system.",
    ),
    Code.PAY_CODE_UNCONFIRMED: (
        H,
        "A pay code that nobody has confirmed, or that no longer behaves as when it was confirmed.",
        "Say under Pay codes what it is for; posted before that, money of its rows waits in suspense.",
    ),
    Code.DEDUCTIONS_NOT_TOLD: (
        N,
        "The plan's pay is without what a cafeteria plan takes, and the payroll, or one before it in the plan year, tells no deductions by code.",
        "Send them by code, if there were any; until then all of gross pay counts.",
    ),
    Code.PLAN_PAY_MISMATCH: (
        N,
        "Another plan compensation than gross pay less the pay codes that do not count.",
        "Nothing: the plan's own is used. Send pay by code, say which code counts, or correct the payroll system.",
    ),
    Code.TOTAL_MISMATCH: (R, "The control total is not the sum of the rows.", "Find the rows, or correct the total."),
    Code.SOURCE_NOT_IN_PLAN: (
        H,
        "Money of a source that the plan does not have.",
        "Return it, or send it under the right source.",
    ),
    Code.SOURCE_UNKNOWN: (R, "A word in opening balances that is no source of money.", "Write one that the fix lists."),
    Code.OPENING_ON_FILE: (
        R,
        "Other opening balances of the plan are on file: they are never replaced.",
        "Reverse them first, with a reason; then send these: [bring a plan over](../howto/bring-a-plan-over.md).",
    ),
    Code.PERSON_ON_FILE: (
        R,
        "A person of a roster who is on file with something else.",
        "Correct the row, or record what the correction of a person is for.",
    ),
    Code.LEDGER_REFUSED: (
        R,
        "The books refuse what would follow from the payroll: money it would take back is reserved or gone.",
        "Do what the finding says, then send the same file again.",
    ),
}

REFUSALS: dict[str, dict[StrEnum, str]] = {
    "The ledger": {
        LedgerRefusal.KEY_UNUSABLE: "The key is empty or too long.",
        LedgerRefusal.KEY_REUSED: "The key stands for another entry.",
        LedgerRefusal.ENTRY_UNKNOWN: "There is no such entry to reverse.",
        LedgerRefusal.ALREADY_REVERSED: "The entry was reversed before.",
        LedgerRefusal.RESERVATION_UNKNOWN: "There is no such reservation.",
        LedgerRefusal.RESERVATION_ENDED: "The reservation was posted, or given up.",
        LedgerRefusal.NOTHING_TO_POST: "The entry has no lines.",
        LedgerRefusal.AMOUNT_NOT_POSITIVE: "An amount is zero or below.",
        LedgerRefusal.AMOUNT_TOO_LARGE: "An amount is beyond any plan's.",
        LedgerRefusal.SAME_ACCOUNT: "A line has one account on both sides.",
        LedgerRefusal.ACCOUNT_UNKNOWN: "An account is not open.",
        LedgerRefusal.ASSET_MISMATCH: "A line moves between accounts of different assets.",
        LedgerRefusal.BALANCE_TOO_LOW: "An account would fall below zero that may not.",
    },
    "Payroll files": {
        PayrollRefusal.ORIGINAL_MISSING: "The run that it is said to replace is not there.",
        PayrollRefusal.ORIGINAL_NOT_POSTED: "The run that it is said to replace was never posted.",
        PayrollRefusal.ALREADY_REPLACED: "The run that it is said to replace was replaced before.",
        PayrollRefusal.LOOKS_LIKE: "A posted run has the same people, pay date and amounts.",
    },
    "Amendments": {
        AmendmentRefusal.BEFORE_ADOPTION: "The plan has no terms on that day yet.",
        AmendmentRefusal.ADOPTION_DAY_CHANGED: "An amendment does not change the day of adoption.",
        AmendmentRefusal.NOTHING_CHANGES: "The terms are those in force.",
        AmendmentRefusal.NOT_ALLOWED: "The law, or the engine, does not allow the terms.",
        AmendmentRefusal.CUTS_VESTING: "Somebody's vesting would be cut (IRC 411(a)(10)).",
        AmendmentRefusal.CUTS_CONTRIBUTIONS: "What was earned would be taken back (IRC 411(d)(6)).",
        AmendmentRefusal.CONTRADICTS_LATER_TERMS: "Terms already adopted for later do not fit.",
    },
    "Declared contributions": {
        DeclarationRefusal.NO_PLAN_YEAR: "No plan year of the plan ends on that day.",
        DeclarationRefusal.NOT_PROVIDED: "The plan does not let the employer declare this source.",
        DeclarationRefusal.NOTHING_DECLARED: "Nothing is declared for the plan year and source that could be taken back.",
        DeclarationRefusal.NO_FORMULA: "What was declared is no formula for this source.",
        DeclarationRefusal.TOO_MUCH_DISPARITY: "An integrated share is more than IRC 401(l) permits.",
        DeclarationRefusal.TOO_LATE: "It is no addition of that year any more (IRC 404(a)(6), 415(c)).",
        DeclarationRefusal.LESS_THAN_BEFORE: "What was allocated would be taken back (IRC 411(d)(6)).",
        DeclarationRefusal.NOBODY_TO_SHARE: "An amount by groups or points has nobody to go to.",
        DeclarationRefusal.DISCRIMINATES: "By groups or points it fails the test of amounts (IRC 401(a)(4)).",
    },
    "Uses of forfeitures": {
        UseRefusal.KEY_REUSED: "The key stands for another use or amount.",
        UseRefusal.NOT_A_PERSON: "The system asked; what forfeitures are used for is for a person to decide.",
        UseRefusal.NOT_PROVIDED: "The plan does not name this use.",
        UseRefusal.NOTHING_ASKED: "The amount is not above zero.",
        UseRefusal.NOT_SAID_FOR_WHAT: "The expense, or a plan year with profit sharing declared for it, is missing.",
        UseRefusal.MORE_THAN_THERE_IS: "The account, or what was declared, has less than that.",
    },
    "Loans": {
        LoanRefusal.LOAN_UNKNOWN: "Nobody asked for such a loan.",
        LoanRefusal.DECIDED_BEFORE: "The loan was approved or declined before, with another answer.",
        LoanRefusal.NOT_OFFERED: "The plan lends nothing on that day (29 CFR 2550.408b-1(d)).",
        LoanRefusal.PERSON_UNKNOWN: "The sponsor has no such employee.",
        LoanRefusal.NOT_EMPLOYED: "No payroll could withhold installments: the person does not work here.",
        LoanRefusal.BELOW_MINIMUM: "The amount is below the plan's minimum.",
        LoanRefusal.RESIDENCE_NOT_OFFERED: "The plan makes no longer loans for the principal residence.",
        LoanRefusal.TERM_TOO_LONG: "It does not end within five years, or the plan's years for a residence (IRC 72(p)(2)(B)).",
        LoanRefusal.TOO_MANY: "The person owes as many loans as the plan makes at once.",
        LoanRefusal.LOAN_NOT_REPAID: "An earlier loan is a deemed distribution and not repaid (Reg. 1.72(p)-1 Q&A-19(b)).",
        LoanRefusal.OVER_LIMIT: "It is over the limit of all loans together (IRC 72(p)(2)(A)).",
        LoanRefusal.OVER_SECURITY: "Half of the vested account does not secure it (29 CFR 2550.408b-1(f)(2)(i)).",
        LoanRefusal.NOT_ENOUGH_MONEY: "The vested sources have too little cash.",
        LoanRefusal.RATE_IMPOSSIBLE: "The rate is below zero or over 100 %.",
        LoanRefusal.OVERPAID: "Payrolls on file would repay more than is owed.",
        LoanRefusal.NOT_OWED: "The loan was not made, is repaid or was offset: nothing is owed on it.",
        LoanRefusal.LEAVE_NOT_PROVIDED: "The plan's terms pause no installments for this (Reg. 1.72(p)-1 Q&A-9).",
        LoanRefusal.LEAVE_IMPOSSIBLE: "No installment would be left to repay the loan by the end of its term, or none falls into the leave.",
        LoanRefusal.LEAVE_TOO_LONG: "A leave other than service in uniform pauses installments for a year at most (Reg. 1.72(p)-1 Q&A-9(a)).",
        LoanRefusal.OFFSET_NOT_ALLOWED: "The account may not be reduced before the person leaves (IRC 401(k)(2)(B); Reg. 1.72(p)-1 Q&A-13(b)).",
        LoanRefusal.NOT_DEEMED: "The cure period is not over: the loan is no deemed distribution.",
    },
    "Rollovers of a plan": {
        RolloverRefusal.KEY_REUSED: "The key stands for somebody else's rollover, or the other way.",
        RolloverRefusal.ROLLOVER_UNKNOWN: "Nobody asked for such a rollover.",
        RolloverRefusal.NOT_JOINED: "The case goes to several custodians, and not all of them joined; each is named with its code.",
        RolloverRefusal.NOT_OFFERED: "The plan's terms say nothing of rollovers on that day.",
        RolloverRefusal.PERSON_UNKNOWN: "The sponsor has no such employee.",
        RolloverRefusal.NOT_EMPLOYED: "Only who works for the employer may roll money in.",
        RolloverRefusal.NOT_ENTERED: "The person has not entered, and the plan takes nothing before.",
        RolloverRefusal.KIND_NOT_TAKEN: "The plan does not take this kind of money, or not into this account.",
        RolloverRefusal.ONE_IS_OPEN: "Another payment of the person is open: the posting of one could be taken for the other's, or both give back more than came.",
        RolloverRefusal.FOUND_INVALID: "What came was found invalid and is paid back with its earnings: it does not go back over the rails, too.",
        RolloverRefusal.WENT_BACK: "Of what came so much went back before: no cent goes back twice.",
        RolloverRefusal.ENDED_BEFORE: "It was booked or has ended: nothing is told of it any more.",
        RolloverRefusal.FACTS_WRONG: "A fact is unknown, missing or not as it is written; each is named by its path.",
        RolloverRefusal.ALTERNATE_PAYEE: "A court order gave the money to somebody else (QDRO): these books have no account apart for them.",
        RolloverRefusal.NOT_EXPLAINED: "The plan put explanations, and none tells of all the money that goes (IRC 402(f)).",
        RolloverRefusal.NOTHING_DIFFERS: "The tax withheld of it is what the books say, or nothing was paid to a person.",
    },
    "Rollovers found invalid": {
        InvalidRefusal.ROLLOVER_UNKNOWN: "Nobody asked for such a rollover.",
        InvalidRefusal.NOT_A_PERSON: "A person determines it and approves the payment: sign in, or use a key.",
        InvalidRefusal.DID_NOT_COME: "It brought no money into the plan.",
        InvalidRefusal.DETERMINED_BEFORE: "It was determined to be invalid before, otherwise.",
        InvalidRefusal.NOT_SAID_WHY: "What was found is not said.",
        InvalidRefusal.NO_SUCH_LEG: "The rollover did not come in such a leg, or none is named.",
        InvalidRefusal.MORE_THAN_CAME: "More than came, or nothing.",
        InvalidRefusal.NOT_DETERMINED: "Nobody determined that it is invalid.",
        InvalidRefusal.PAID_BEFORE: "It was paid back before, otherwise.",
        InvalidRefusal.RETURN_IS_OPEN: "The same money is on its way back over the rails, by a return that has not ended.",
        InvalidRefusal.WENT_BACK: "The same money went back over the rails: it is not paid a second time.",
        InvalidRefusal.EARNINGS_OF_OTHER_SOURCES: "Earnings are told of each source that it came into, and of no other.",
        InvalidRefusal.LOSS_MORE_THAN_CAME: "More is told to be lost of a source than what was invalid.",
        InvalidRefusal.MORE_THAN_THERE_IS: "The account does not have the cash: a loan or a payment took it.",
        InvalidRefusal.WITHHELD_MORE_THAN_PAID: "More tax than is paid, or less than none.",
    },
    "What ended of a plan": {
        EndingRefusal.KEY_REUSED: "The key stands for something else that was stated.",
        EndingRefusal.NOT_A_PERSON: "The system asked; what ended is for a person to state.",
        EndingRefusal.NO_REASON: "The resolution, the event or what rebuts it is missing.",
        EndingRefusal.DAYS_WRONG: "The days are none of the plan, or two where one is asked.",
        EndingRefusal.NOT_YET: "It is still to come.",
        EndingRefusal.NOT_ON_FILE: "Nothing of the kind and days is there to take back.",
    },
    "Money held in suspense": {
        HeldReason.SOURCE_NOT_PERMITTED: "The plan does not have the source.",
        HeldReason.LEFT_LONG_AGO: "The person left before the pay could be theirs.",
        HeldReason.NOT_ENTERED: "The person has not entered the plan.",
        HeldReason.PAY_CODE_UNCONFIRMED: "A pay code of the row waits for a person to say what it is for.",
        HeldReason.CATCH_UP_TOO_YOUNG: "Catch-up before the year of the 50th birthday.",
        HeldReason.OVER_LIMIT: "Over the limit of the law or of the plan.",
        HeldReason.CATCH_UP_MUST_BE_ROTH: "Catch-up that has to be Roth came pre-tax.",
        HeldReason.OVER_ADDITIONS: "Over the limit of annual additions.",
    },
}

#: setting -> (its usual value, what it decides)
SETTINGS: dict[str, tuple[str, str]] = {
    "OPEN401K_MODE": (
        "`sandbox`",
        "`production` refuses to serve unless every start-up check holds, and has no clock to move.",
    ),
    "OPEN401K_DATA_DIR": (
        "`.open401k` in a checkout, else `~/.local/share/open401k`",
        "Where the embedded PostgreSQL, the sandbox clock and the key file lie.",
    ),
    "OPEN401K_DATABASE_URL": ("the embedded server", "A PostgreSQL of your own: [how](../howto/own-server.md)."),
    "OPEN401K_OWNER_DATABASE_URL": (
        "none",
        "The same database as its owner, who migrates it. Without it, the first URL must belong to a user who may create roles.",
    ),
    "OPEN401K_MASTER_KEY": ("a key file in a sandbox", "32 bytes in base64; seals Social Security numbers and files."),
    "OPEN401K_INDEX_KEY": ("with the master key", "32 bytes in base64; finds people by number. It never changes."),
    "OPEN401K_PREVIOUS_MASTER_KEYS": ("none", "Former master keys, separated by commas: they open, and seal no more."),
    "OPEN401K_MASTER_KEY_FILE": (
        "`master_key.json` in the data directory",
        "Where the keys are read from, if not from the environment.",
    ),
    "OPEN401K_ORIGIN": (
        "host and port that `serve` listens on",
        "How browsers come here, such as `https://plans.example.org`: passkeys, cookies and sign-in links go by it.",
    ),
    "OPEN401K_GUSTO_CLIENT_ID": ("none", "Our registration with Gusto: [how](../howto/connect-a-provider.md)."),
    "OPEN401K_GUSTO_CLIENT_SECRET": ("none", "Its secret."),
    "OPEN401K_GUSTO_URL": ("`https://api.gusto.com`", "Another address of Gusto's API: its demo, or a stand-in."),
    "OPEN401K_GUSTO_WEBHOOK_TOKEN": ("none", "The verification token by which Gusto signs its webhooks."),
    "OPEN401K_FINCH_CLIENT_ID": ("none", "Our registration with Finch: [how](../howto/connect-a-provider.md)."),
    "OPEN401K_FINCH_CLIENT_SECRET": ("none", "Its secret."),
    "OPEN401K_FINCH_URL": ("`https://api.tryfinch.com`", "Another address of Finch's API: a stand-in."),
    "OPEN401K_FINCH_WEBHOOK_TOKEN": ("none", "The secret, in base64, by which Finch signs its webhooks."),
    "OPEN401K_POSTGRES_BIN": ("the wheel's", "A folder with other PostgreSQL programs for the embedded server."),
    "OPEN401K_ANVIL": ("fetched by npm", "The EVM network that tests of the rails run against."),
    "OPEN401K_CHAIN_DATABASE_URL": (
        "an embedded server",
        "The database of a chain of the rails, which belongs to its operator alone: `open401k chain ...`.",
    ),
    "OPEN401K_NODE_URL": (
        "none",
        "Our custodian's node, over which plans roll money: [how](../howto/roll-money-in-and-out.md).",
    ),
    "OPEN401K_NODE_TOKEN": ("none", "A token of that node for a system (`open401k node token`)."),
    "OPEN401K_KEY_PASSPHRASE": (
        "asked for",
        "The passphrase of a key's file of `open401k network`: a seat's, a bank's, a member's.",
    ),
    "OPEN401K_NODE_DATABASE_URL": (
        "`database_url` of `node.toml`, else an embedded server",
        "The database of a custodian's node, which holds its keys sealed: `open401k node ...`.",
    ),
    "OPEN401K_RAILS_CLOCK": (
        "the machine's clock",
        "The file of a clock that the chain and the nodes of a sandbox share, and that moves only forward; refused in production.",
    ),
    "OPEN401K_CHROMIUM": ("the machine's", "The browser that the tests drive."),
}

#: event -> (what happened, what it is about, what it carries)
EVENTS: dict[str, tuple[str, str, str]] = {
    "payroll.posted": (
        "A payroll was posted.",
        "the run",
        "people, rows, amounts in cents, the day its deposit is due",
    ),
    "plan.year_ended": (
        "A plan year is over, and what its end gives is posted on its last day.",
        "the plan",
        "`last_day`, `employer_cents`: what the employer owes for it",
    ),
    "forfeitures.posted": (
        "People forfeited what was not vested, or got it back.",
        "the plan",
        "`on`, `entries`: the journal entries",
    ),
    "forfeitures.approved": (
        "A person approved what forfeitures are used for.",
        "the approval",
        "`plan_id`, `used_for`, `cents`, `reference`: the expense, or the last day of the plan year",
    ),
    "forfeitures.due": (
        "Forfeitures of a plan year have to be used soon; told once.",
        "the plan",
        "`cents`, `incurred_in`: the plan year, `use_by`, `cite`",
    ),
    "amounts.failed": (
        "Profit sharing by groups or points fails the test of amounts of a plan year that is over; told once.",
        "the plan",
        "`plan_year`, `measured_bps`: the worst rate group, `amend_by`: by when an amendment cures it, `cite`",
    ),
    "overpaid.found": (
        "The books took back employer's money that had left the account before; told once of each amount.",
        "the plan",
        "`employee_id`, `source`, `cents`, `act_by`, `acts`: who, `cite`",
    ),
    "overpaid.beyond": (
        "Overpaid money came again, and a later fact shows that it was due after all; told once of each amount.",
        "the plan",
        "`employee_id`, `source`, `cents`",
    ),
    "turnover.presumed": (
        "So many participants were let go that a partial termination is presumed; told when it is so, and when more are.",
        "the plan",
        "`from`, `to`: the plan year, `severed`, `participants`, `turnover_bps`, `cite`",
    ),
    "rollover.invalid": (
        "A person determined that money which had come by a rollover could not be rolled over; it is to be paid back.",
        "the rollover",
        "`plan_id`, `why`, `cents`, `cite`",
    ),
    "rollovers.not_followed": (
        "Our node did not answer for open rollovers of a plan, or refused one; told when it begins.",
        "the plan",
        "`open`, `problems`: each with `rollover_id` (or none: the node as a whole), `message`, `fix` and `owner`",
    ),
    "plan.ending_stated": (
        "A person stated what ended of a plan, or that nothing did.",
        "the statement",
        "`plan_id`, `kind`, `from`, `to`, `stands`, `entries`: what was given back",
    ),
    "plan.tested": ("Every test of a plan ran.", "the plan", "`run`: the compliance run"),
    "deposit.received": ("The employer's money for a payroll arrived.", "the run", "`cents`, `on`"),
    "deposit.late": (
        "The day by which a payroll's money was due has passed without it; told once.",
        "the run",
        "`cents`, `due_on`, `outer_limit_on`, `cite`",
    ),
    "instructions.queued": (
        "Payroll has to be told something.",
        "the plan",
        "`instructions` that are new, and those whose place they take: `replaced`",
    ),
    "feedback_file.made": (
        "A file of instructions was made for a payroll that works by files.",
        "the file",
        "`number`, `layout`, `instructions`",
    ),
    "instruction.needs_a_person": (
        "Payroll refused an instruction, did not follow it, or got it too late.",
        "the instruction",
        "`state`, `detail`",
    ),
    "webhook_endpoint.stopped": (
        "A webhook endpoint is told nothing any more: it took nothing for five days, or answered 410.",
        "the endpoint",
        "`state`, `failures`",
    ),
    "connection.needs_a_person": (
        "A payroll provider does not let us in any more, or something that it told waits for a person; told once.",
        "the connection",
        "`provider`, `message`, `fix`",
    ),
    "alert.raised": ("A test is on track to fail.", "the alert", "plan, test, probability, by when, who decides"),
    "alert.updated": ("What an alert says changed.", "the alert", "as raised"),
    "alert.acknowledged": ("Somebody took an alert on.", "the alert", "as raised"),
    "correction.proposed": (
        "A correction that costs the employer money waits for a decision.",
        "the correction",
        "`plan_id`, `title`, `decide_by`, `cents`, `later_cents`: what it costs after the first last day",
    ),
    "correction.approved": (
        "A correction was approved and posted; the employer owes it now.",
        "the correction",
        "`plan_id`, `title`, `cents`, `due_on`",
    ),
    "alert.resolved": ("A test is no longer on track to fail.", "the alert", "as raised"),
}
