"""Every item of a transfer file: its label, what it is, whether it must be there. Not here: salts, hashes, sealing.

A label is a group, in brackets which one of several, and the item: ``amounts[match].gross_cents``. M: mandatory in each
of its group; C: where it applies; R, T, S: mandatory where there is Roth money, after-tax money, a SIMPLE IRA.
The rollover's id is the hash of terms that name this file's root, so the file itself is known by ``case.reference``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache


class Form(StrEnum):
    """How the text of a value is read."""

    TEXT = "text"
    CENTS = "cents"
    COUNT = "count"
    DAY = "day"
    TIME = "time"
    FLAG = "flag"
    HASH = "hash"
    #: Nine digits, with or without dashes.
    TAX_NUMBER = "tax_number"


class Need(StrEnum):
    """When an item must be there."""

    MANDATORY = "M"
    CONDITIONAL = "C"
    IF_ROTH = "R"
    IF_AFTER_TAX = "T"
    IF_SIMPLE = "S"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the table."""

    group: str
    name: str
    form: Form
    need: Need

    @property
    def label(self) -> str:
        return f"{self.group}.{self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one label."""

    label: str
    said: str


#: Groups of which there are several, each named in brackets.
SEVERAL = frozenset({"receiving", "amounts", "forms"})
#: Sources of money that amounts are told of; conversions within the plan by year: ``in_plan_roth_2021``.
SOURCES = frozenset(
    {
        "pre_tax", "roth", "match", "safe_harbor_match", "safe_harbor_nonelective", "profit_sharing", "qnec", "qmac",
        "roth_match", "roth_nonelective", "rollover_pre_tax", "rollover_roth", "after_tax_before_1987", "after_tax",
        "traditional_ira", "roth_ira", "simple_ira", "sep_ira",
    }
)  # fmt: skip
#: Of these the first year of the five is told; a Roth IRA's own years go along with its owner.
_ROTH = frozenset({"roth", "roth_match", "roth_nonelective", "rollover_roth"})
_CONVERTED = re.compile(r"in_plan_roth_(20\d\d)")
_LABEL = re.compile(r"([a-z_]+)(?:\[([a-z0-9_]+)\])?\.([a-z0-9_]+)")

_TABLE = """
case reference hash M, message_version count M, rule_version count M, direction text M, full flag M, direct flag M
case parent hash C, created_at time M, valid_until time M
participant legal_name text M, former_names text C, tax_number tax_number M, born_on day M, address text M
participant us_person flag M, w9_status text M, email text M, phone text M, marital_status text M
participant employee_id text C, died_on day C, relationship text C, order_id text C, w8ben text C
distributing plan_name text M, plan_type text M, sponsor_ein tax_number C, plan_number text C, payer_name text M
distributing payer_tin tax_number M, recordkeeper text M, account_number text M, contact text M
distributing qualification_evidence text M, letter_serial text C, letter_on day C, administrator_certificate text C
distributing form_5500_code_3c flag C, form_5500_filing text C, simple_first_participation_on day S
receiving plan_name text M, plan_type text M, ein tax_number C, plan_number text C, trustee text M
receiving account_title text M, account_number text M, accepted_kinds text M, letter_id text M, letter_signer text M
receiving letter_on day M, letter_expires_on day M, token_address text C, bank_account text C, further_credit text C
receiving mail_address text C, investment text M, money_types text M
event kind text M, on day M, severed_on day C, last_contribution_on day M, eligible_certified flag M
event not_series flag M, not_required_minimum flag M, not_hardship flag M, not_corrective flag M
event not_deemed_loan flag M, not_dividend flag M, not_insurance_cost flag M
amounts gross_cents cents M, taxable_cents cents M, basis_cents cents M, earnings_cents cents M, as_of day M
amounts vested_cents cents M, forfeited_cents cents M, units text C, unit_price text C, security text C
amounts cost_basis_cents cents C, appreciation_cents cents C
roth first_year count R, basis_cents cents R, qualified flag R, conversion_recapture_cents cents C
tax_basis after_tax_cents cents T, destination text T
loan balance_cents cents C, offset_cents cents C, offset_on day C, qualified_offset flag C, note_goes_along flag C
loan terms text C, highest_in_12_months_cents cents C, next_payment_on day C
minimum age_reached flag M, year_cents cents C, paid_on day C, prior_balance_cents cents C, sole_spouse flag C
tax federal_bps count M, federal_cents cents M, state text M, state_cents cents M, w4r text C
forms box_1_cents cents M, box_2a_cents cents M, box_2b text M, box_4_cents cents M, box_5_cents cents M
forms box_6_cents cents M, box_7 text M, box_7bcd text C, box_10_cents cents C, box_11 count C, box_14_to_19 text C
forms tax_year count M, account_number text C
authority election hash M, explanation_version text M, explanation_on day M, thirty_days_waived flag M
authority esign_consent_at time M, proofing_method text M, proofing_level count M, proofed_at time M
authority fraud_signals text M, contact_changed_on day C, releasing_administrator_approval text M
authority receiving_administrator_approval text M, spouse_name text C, spouse_consented_on day C
authority spouse_witness text C, remote_session text C, unmarried_or_exempt text C, medallion text C, holds text M
authority adviser text C, adviser_rationale text C
institution releasing_lei text M, receiving_lei text M, regulator_id text C, nscc_or_dtc text C
institution releasing_proven_until day M, receiving_proven_until day M, signers text M, sanctions_result text C
institution sanctions_at time C
settlement method text M, currency text M, amount_cents cents M, fees_cents cents M, bank_reference text C
settlement residual_expected flag M, residual_until day C, delivery_ids text C
"""


@cache
def items() -> Mapping[tuple[str, str], Item]:
    """Every item by group and name."""
    found: dict[tuple[str, str], Item] = {}
    for line in _TABLE.strip().splitlines():
        group, _, rest = line.partition(" ")
        for told in rest.split(","):
            name, form, need = told.split()
            found[group, name] = Item(group, name, Form(form), Need(need))
    return found


def item_of(label: str) -> Item | Problem:
    """The item that a label names, or why it names none."""
    matched = _LABEL.fullmatch(label)
    if matched is None:
        return Problem(label, "is no label: group.item, or group[which].item")
    group, which, name = matched.groups()
    item = items().get((group, name))
    if item is None:
        return Problem(label, "is no item of a transfer file")
    if (which is not None) is not (group in SEVERAL):
        return Problem(label, "says which one in brackets" if group in SEVERAL else "is there once: no brackets")
    if group == "amounts" and which not in SOURCES and not _CONVERTED.fullmatch(which or ""):
        return Problem(label, f"{which} is no source of money")
    if group in ("receiving", "forms") and not (which or "").isdecimal():
        return Problem(label, "is numbered from 0")
    return item


def problems(values: Mapping[str, str]) -> tuple[Problem, ...]:
    """Everything wrong with a file's values, each by its label: unknown, badly written, missing, not adding up."""
    found: list[Problem] = []
    for label, value in sorted(values.items()):
        item = item_of(label)
        if isinstance(item, Problem):
            found.append(item)
        elif wrong := _misread(item.form, value):
            found.append(Problem(label, wrong))
    if found:
        return tuple(found)
    return (*_missing(values), *_sums(values))


def _missing(values: Mapping[str, str]) -> list[Problem]:
    groups: dict[str, set[str]] = {}
    for label in values:
        prefix = label.rpartition(".")[0]
        groups.setdefault(prefix.partition("[")[0], set()).add(prefix)
    sources = {prefix.partition("[")[2].rstrip("]") for prefix in groups.get("amounts", set())}
    holds = {
        Need.MANDATORY: True,
        Need.CONDITIONAL: False,
        Need.IF_ROTH: any(source in _ROTH or _CONVERTED.fullmatch(source) for source in sources),
        Need.IF_AFTER_TAX: bool(sources & {"after_tax", "after_tax_before_1987"}),
        Need.IF_SIMPLE: values.get("distributing.plan_type") == "simple_ira",
    }
    found = []
    for item in items().values():
        if not holds[item.need]:
            continue
        nothing = {f"{item.group}[0]" if item.group in SEVERAL else item.group}
        if item.group == "amounts":
            nothing = {"amounts[pre_tax]"}
        if item.group == "forms":
            nothing = set()
        for prefix in sorted(groups.get(item.group, nothing)):
            if f"{prefix}.{item.name}" not in values:
                found.append(Problem(f"{prefix}.{item.name}", "is missing"))
    return found


def _sums(values: Mapping[str, str]) -> list[Problem]:
    """The sources are the payment (invariant 15), and no part of a source is more than it."""
    found = []
    gross = {label: int(value) for label, value in values.items() if label.endswith("].gross_cents")}
    told = values.get("settlement.amount_cents")
    if told is not None and sum(gross.values()) != int(told):
        said = f"is {told}, and the sources add up to {sum(gross.values())}"
        found.append(Problem("settlement.amount_cents", said))
    for label, cents in gross.items():
        taxable = label.replace("gross_cents", "taxable_cents")
        if int(values.get(taxable, 0)) > cents:
            found.append(Problem(taxable, f"is more than the source's {cents}"))
    return found


def _misread(form: Form, value: str) -> str:
    """Why a value cannot be read; empty if it can. One way to write each, or two sides would hash different bytes."""
    if not value or value != value.strip() or len(value) > 2_000:
        return "is empty, padded or too long"
    match form:
        case Form.TEXT:
            return "" if value.isprintable() else "holds letters that cannot be printed"
        case Form.CENTS | Form.COUNT:
            plain = value.isascii() and value.isdecimal() and str(int(value)) == value and len(value) <= 15
            return "" if plain else "is a whole number, as 123450"
        case Form.FLAG:
            return "" if value in ("yes", "no") else "is yes or no"
        case Form.HASH:
            return "" if re.fullmatch(r"[0-9a-f]{64}", value) else "is 64 digits of a hash"
        case Form.TAX_NUMBER:
            return "" if re.fullmatch(r"\d{9}|\d{3}-\d\d-\d{4}|\d\d-\d{7}", value, re.ASCII) else "is nine digits"
        case Form.DAY | Form.TIME:
            return _no_time(form, value)


def _no_time(form: Form, value: str) -> str:
    try:
        if form is Form.DAY:
            same = date.fromisoformat(value).isoformat() == value
        else:
            moment = datetime.fromisoformat(value)
            same = value.endswith("Z") and moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z" == value
    except ValueError:
        same = False
    return "" if same else "is a day, as 2026-06-01" if form is Form.DAY else "is a time, as 2026-06-01T12:00:00Z"
