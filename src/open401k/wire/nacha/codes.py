"""Codes of returns, of notices of change and of transactions, with their words. Not here: what follows of one."""

#: Why a receiving bank sends an entry back (Nacha Operating Rules, Appendix Four).
RETURNS = {
    "R01": "insufficient funds",
    "R02": "account closed",
    "R03": "no account, or the account cannot be found",
    "R04": "invalid account number",
    "R05": "unauthorized debit to a consumer's account by a corporate entry",
    "R06": "returned at the originating bank's request",
    "R07": "authorization revoked by the customer",
    "R08": "payment stopped",
    "R09": "uncollected funds",
    "R10": "the customer says that the originator is unknown or not authorized",
    "R11": "the customer says that the entry is not as it was authorized",
    "R12": "account sold to another bank",
    "R13": "invalid routing number",
    "R14": "representative payee deceased or unable to continue",
    "R15": "beneficiary or account holder deceased",
    "R16": "account frozen, or returned on an instruction of OFAC",
    "R17": "file record edit criteria, or a questionable entry",
    "R18": "improper effective entry date",
    "R19": "amount field error",
    "R20": "non-transaction account",
    "R21": "invalid company identification",
    "R22": "invalid individual identification number",
    "R23": "credit refused by the receiver",
    "R24": "duplicate entry",
    "R25": "addenda error",
    "R26": "mandatory field error",
    "R27": "trace number error",
    "R28": "routing number check digit error",
    "R29": "the corporate customer says that it is not authorized",
    "R30": "receiving bank takes no part in check truncation",
    "R31": "permissible return entry (CCD and CTX only)",
    "R32": "receiving bank does not settle",
    "R33": "return of XCK entry",
    "R34": "limited participation of the receiving bank",
    "R35": "return of improper debit entry",
    "R36": "return of improper credit entry",
    "R37": "source document presented for payment",
    "R38": "stop payment on source document",
    "R39": "improper source document, or it was presented for payment",
    "R40": "return of ENR entry by a federal agency",
    "R41": "invalid transaction code (ENR)",
    "R42": "routing number or check digit error (ENR)",
    "R43": "invalid account number (ENR)",
    "R44": "invalid individual identification number (ENR)",
    "R45": "invalid individual or company name (ENR)",
    "R46": "invalid representative payee indicator (ENR)",
    "R47": "duplicate enrollment (ENR)",
    "R50": "state law affects the acceptance of RCK",
    "R51": "the item related to an RCK entry is ineligible, or the entry is improper",
    "R52": "stop payment on the item related to an RCK entry",
    "R53": "item and RCK entry presented for payment",
    "R61": "misrouted return",
    "R62": "return of an erroneous or reversing debit",
    "R67": "duplicate return",
    "R68": "untimely return",
    "R69": "field error in the return",
    "R70": "permissible return not accepted, or not requested by the originating bank",
    "R71": "misrouted dishonored return",
    "R72": "untimely dishonored return",
    "R73": "timely original return",
    "R74": "corrected return",
    "R75": "return not a duplicate",
    "R76": "no errors found",
    "R77": "non-acceptance of an R62 dishonored return",
    "R80": "IAT coding error",
    "R81": "no participant in the IAT program",
    "R82": "invalid foreign receiving bank identification",
    "R83": "foreign receiving bank cannot settle",
    "R84": "entry not processed by the gateway",
    "R85": "incorrectly coded outbound international payment",
}

#: Codes of what banks tell each other about a return: it is dishonored (R61 to R70), or that is contested (R71 to R77).
ABOUT_RETURNS = frozenset(code for code in RETURNS if "R61" <= code <= "R77")

#: What a receiving bank asks to change (Appendix Five). C61 to C69 refuse such a notice.
CHANGES = {
    "C01": "account number",
    "C02": "routing number",
    "C03": "routing number and account number",
    "C04": "individual or receiving company name",
    "C05": "transaction code",
    "C06": "account number and transaction code",
    "C07": "routing number, account number and transaction code",
    "C08": "receiving bank identification (IAT)",
    "C09": "individual identification number",
    "C10": "company name",
    "C11": "company identification",
    "C12": "company name and company identification",
    "C13": "addenda format",
    "C14": "class code for an outbound international payment",
    "C61": "misrouted notice of change",
    "C62": "trace number of the notice is incorrect",
    "C63": "company identification of the notice is incorrect",
    "C64": "individual identification number of the notice is incorrect",
    "C65": "corrected data of the notice are incorrectly formatted",
    "C66": "discretionary data of the notice are incorrect",
    "C67": "routing number of the notice is not from the original entry",
    "C68": "account number of the notice is not from the original entry",
    "C69": "transaction code of the notice is incorrect",
}

#: Checking 2x, savings 3x, general ledger 4x, loans 5x, advices of the operator 8x.
TRANSACTIONS = frozenset([*range(20, 30), *range(30, 40), *range(41, 50), *range(51, 57), *range(81, 89)])
#: Entries that only try an account: their amount is zero.
PRENOTES = frozenset({23, 28, 33, 38, 43, 48, 53})
MIXED, CREDITS, DEBITS, ADVICES = "200", "220", "225", "280"


def check_digit(routing: str) -> str:
    """The ninth digit of a routing number, from its first eight (weights 3, 7, 1).

    >>> check_digit("23138010")
    '4'
    """
    total = sum(int(digit) * weight for digit, weight in zip(routing[:8], (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return str(-total % 10)
