"""The words providers print over their columns, per field, and those read over. Not here: judging (columns.py)."""

import re
from functools import lru_cache

from .rows import Field

#: Exact after `normal`: lower case, letters and digits only, words set apart by one blank.
SYNONYMS: dict[Field, tuple[str, ...]] = {
    Field.SSN: (
        "ssn",
        "social security",
        "social security number",
        "social security no",
        "soc sec",
        "soc sec number",
        "ss number",
        "employee ssn",
        "ee ssn",
        "participant ssn",
        "tax id",
        "ssn number",
    ),
    Field.EMPLOYEE_NUMBER: (
        "employee number",
        "emp number",
        "employee no",
        "emp no",
        "ee number",
        "file number",
        "employee code",
        "payroll id",
        "payroll number",
    ),
    Field.EMPLOYEE_ID: ("employee id", "emp id", "ee id"),
    Field.EMPLOYER_EIN: ("ein", "employer ein", "company ein", "fein", "employer id number", "federal ein"),
    Field.PAY_GROUP: ("pay group", "paygroup", "payroll group"),
    Field.EMPLOYMENT_STATUS: (
        "employment status",
        "employee status",
        "employee status code",
        "emp status",
        "status code",
    ),
    Field.LEAVE_START: ("leave start", "leave start date", "loa start", "loa start date", "leave of absence start"),
    Field.LEAVE_END: ("leave end", "leave end date", "loa end", "loa end date", "leave of absence end"),
    Field.FIRST_NAME: ("first name", "firstname", "first", "given name", "employee first name", "fname"),
    Field.LAST_NAME: ("last name", "lastname", "last", "surname", "family name", "employee last name", "lname"),
    Field.BIRTH_DATE: ("dob", "date of birth", "birth date", "birthdate", "birthday", "employee dob"),
    Field.HIRE_DATE: (
        "hire date",
        "date of hire",
        "doh",
        "hired",
        "original hire date",
        "current date of hire",
        "start date",
        "employment date",
        "hired on",
    ),
    Field.REHIRE_DATE: ("rehire date", "date of rehire", "rehired", "latest rehire date", "re hire date"),
    Field.TERMINATION_DATE: (
        "term date",
        "termination date",
        "date of termination",
        "dot",
        "current date of term",
        "terminated",
        "end date",
        "last day worked",
        "termination",
    ),
    Field.PAY_DATE: (
        "pay date",
        "check date",
        "payroll date",
        "payroll check date",
        "payment date",
        "paycheck date",
        "date paid",
        "paydate",
    ),
    Field.PERIOD_START: (
        "period start",
        "period begin",
        "pay period start",
        "pay period start date",
        "payroll start date",
        "period start date",
        "payroll begin date",
        "pay period begin",
        "period beginning",
        "period begin date",
    ),
    Field.PERIOD_END: (
        "period end",
        "pay period end",
        "pay period end date",
        "ending payroll date",
        "period end date",
        "payroll end date",
        "period ending",
        "pay end date",
    ),
    Field.HOURS: (
        "hours",
        "hours worked",
        "pay period hours",
        "current pay period hours worked",
        "total hours",
        "regular hours",
        "hrs",
        "current hours",
        "period hours",
    ),
    Field.GROSS: (
        "gross",
        "gross pay",
        "gross comp",
        "gross compensation",
        "gross wages",
        "total compensation",
        "gross earnings",
        "pay period gross wages",
        "current pay period gross pay",
        "current period compensation",
        "total gross",
        "total pay",
        "415 earnings",
        "current gross",
    ),
    Field.PLAN_COMPENSATION: (
        "plan compensation",
        "pay period plan wages",
        "plan wages",
        "eligible compensation",
        "eligible pay",
        "plan earnings",
        "plan comp",
        "eligible wages",
        "eligible earnings",
    ),
    Field.FICA_WAGES: (
        "fica wages",
        "social security wages",
        "ss wages",
        "soc sec wages",
        "oasdi wages",
        "3121 wages",
        "taxable social security wages",
    ),
    Field.PRE_TAX: (
        "pre tax",
        "pretax",
        "401k",
        "401 k",
        "401k deferral",
        "pre tax deferral",
        "pre tax contribution",
        "deferral",
        "employee 401k",
        "employee 401 k",
        "traditional 401k",
        "traditional",
        "pretax 401k",
        "401k pre tax",
        "cont 401k",
        "pre tax contribution amount",
        "current payroll employee pretax contribution",
        "elective deferral",
        "salary deferral",
        "401k employee",
        "ee deferral",
        "employee deferral",
        "pre tax deferrals",
        "401k pretax",
        "401k contribution",
    ),
    Field.ROTH: (
        "roth",
        "roth 401k",
        "roth 401 k",
        "roth deferral",
        "roth contribution",
        "401k roth",
        "employee roth",
        "cont roth 401k",
        "roth contribution amount",
        "current payroll employee roth contribution",
        "roth deferrals",
        "ee roth",
    ),
    Field.AFTER_TAX: ("after tax", "aftertax", "after tax contribution", "after tax 401k", "voluntary after tax"),
    Field.PRE_TAX_CATCH_UP: (
        "catch up",
        "catchup",
        "pre tax catch up",
        "401k catch up",
        "401k catchup",
        "cont 401k catchup",
        "pretax catchup",
        "catch up contribution",
        "pre tax catchup",
    ),
    Field.ROTH_CATCH_UP: (
        "roth catch up",
        "roth catchup",
        "roth 401k catch up",
        "roth 401k catchup",
        "cont roth 401k catchup",
        "401k roth catch up",
    ),
    Field.MATCH: (
        "match",
        "employer match",
        "company match",
        "er match",
        "401k match",
        "matching contribution",
        "cont company match",
        "current payroll employer match contribution",
        "employer matching",
        "employer 401k match",
    ),
    Field.SAFE_HARBOR_MATCH: ("safe harbor match", "sh match", "safe harbour match", "er safe harbor match"),
    Field.NONELECTIVE: (
        "nonelective",
        "non elective",
        "nonelective contribution",
        "current payroll non elective contribution",
        "er nonelective",
    ),
    Field.SAFE_HARBOR_NONELECTIVE: (
        "safe harbor nonelective",
        "safe harbor nec",
        "safe harbor non elective",
        "current payroll safe harbor non elective",
        "sh nonelective",
        "shnec",
    ),
    Field.PROFIT_SHARING: ("profit sharing", "profit sharing contribution", "discretionary", "er profit sharing"),
    Field.LOAN_REF: ("loan id", "loan number", "loan ref", "loan ref number", "loan reference", "loan no"),
    Field.LOAN_PAYMENT: (
        "loan payment",
        "loan repayment",
        "loan amount",
        "loan payment amount",
        "loan",
        "401k loan",
        "loan repayments",
        "401k loan 1 contribution",
        "loan 2 repayment",
    ),
}

_IGNORED = """
plan number|plan name|plan id|company id|company|division|divisional code|department|employee department
location|employee location code|payroll run type|pay cycle|pay frequency|payroll frequency|mi|middle name
middle initial|middle name initial|middle name or initial|name suffix|suffix|gender|sex|marital status|address
address line 1|address line 2|address 1|address 2|street address 1|street address 2|city|state|zip|zip code|country
country code|home phone number|work phone number|work phone ext|phone|secondary phone|email|email address
secondary email address|work email address|employee work email|employee category|employee pay type
employee workstatus code|employee type
pay period excluded wages|ytd hours worked|ytd hours|ytd gross|ytd gross pay|ytd total compensation
ytd plan compensation|ytd excluded compensation|officer type|ownership percentage|highly comp code|hce code
key ee code|participation date|eligibility code|enrollment eligibility|salary amount|termination reason code
adjusted service date|match eligibility date|employee eligibility date|annual salary|estimated annual compensation
hourly rate|earnings|earnings ytd|union status|union status code|prior date of hire|prior date of term|net pay
check number|job title|client specific 1|client specific 2|client specific 3|employer contribution|contract number
line 2|address line 1 2|phone number
"""
IGNORED = frozenset(word for line in _IGNORED.strip().splitlines() for word in line.split("|"))

_EXACT = {synonym: field for field, synonyms in SYNONYMS.items() for synonym in (*synonyms, field.replace("_", " "))}
_SIGNS = {"%": " percent ", "$": " dollars ", "#": " number ", "&": " and "}
_YEAR_TO_DATE = re.compile(r"\b(ytd|year to date)\b")
_RATE = re.compile(r"\b(percent|pct|rate)\b|\bcont contribution dollars\b")


@lru_cache(maxsize=4096)
def normal(heading: str) -> str:
    """A heading without case, punctuation and spacing: ``Pre-Tax_Amt.`` is ``pre tax amt``."""
    text = heading.casefold().replace("401(k)", "401k")
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    return " ".join(re.sub(r"[^0-9a-z]+", " ", text).split())


def field_of(heading: str) -> Field | None:
    """The field a heading names exactly, if one."""
    return _EXACT.get(normal(heading))


def is_ignored(heading: str) -> bool:
    """Known, and nothing a contribution needs: addresses, year-to-date mirrors, elections in percent."""
    text = normal(heading)
    return text in IGNORED or bool(_YEAR_TO_DATE.search(text)) or bool(_RATE.search(text))


def words() -> dict[str, Field]:
    """Every known wording, for near misses."""
    return _EXACT
