"""Bank accounts: the employer's, which is debited, and the plan's. Numbers are sealed, four digits are shown.

Not here: files of debits (ach.py), statements (statements.py).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, SponsorId
from open401k.wire import nacha
from open401k.wire.nacha.building import is_account, is_routing

from . import _ach_store, _store
from .ids import AccountChangeId, BankAccountId

#: The first digit of a transaction code, and the kind of account.
_KINDS = {2: "checking", 3: "savings"}
#: Of a number that is too short for four of its digits to be shown.
HIDDEN = "····"
#: What a bank asks for, as it is sealed.
Wish: TypeAlias = dict[str, str | int | None]


class Purpose(StrEnum):
    """Whose account it is."""

    EMPLOYER = "employer"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as a person says it; the number is not printed."""

    purpose: Purpose
    name: str
    routing: str
    number: str
    kind: str = "checking"
    bank_name: str = ""
    company_id: str = ""

    def __repr__(self) -> str:
        return f"NewAccount({self.purpose}, {self.routing}, ends in {self.number[-4:]})"


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account on file, without its number."""

    bank_account_id: BankAccountId
    purpose: Purpose
    name: str
    bank_name: str
    company_id: str
    kind: str
    routing: str
    last4: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a bank asks to change; ``accepted`` is None until a person has decided."""

    account_change_id: AccountChangeId
    trace: str
    code: str
    shown: str
    accepted: bool | None


def add(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, account: NewAccount) -> BankAccountId:
    """Put an account on file; from now on it is the one of its purpose."""
    _refuse_impossible(account)
    account_id = tx.ids.new(BankAccountId)
    sealed = tx.keyring.seal(
        tx,
        tenant_id=tenant_id,
        table="custody.bank_account",
        column="sealed",
        row_id=account_id,
        plaintext=account.number.encode(),
    )
    last4 = account.number[-4:] if len(account.number) > 4 else ""
    said = (str(account.purpose), account.name.strip()[:100], account.bank_name.strip()[:100], account.company_id)
    columns = (*said, account.kind, account.routing, sealed, last4)
    _store.add_account(tx, tenant_id=tenant_id, plan_id=plan_id, account_id=account_id, columns=columns)
    told = {"purpose": account.purpose, "routing": account.routing, "last4": last4}
    audit.record(tx, tenant_id=tenant_id, action="custody.account_added", subject=account_id, after=told)
    return account_id


def on_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> dict[Purpose, BankAccount]:
    """The account of each purpose, where there is one."""
    rows = _store.accounts(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = [BankAccount(BankAccountId(row[0]), Purpose(row[1]), *row[2:]) for row in rows]
    return {each.purpose: each for each in found}


def number_of(tx: Tx, *, tenant_id: SponsorId, account: BankAccount) -> str:
    """The whole number; only for a file that goes to the bank."""
    sealed = _store.sealed_account(tx, tenant_id=tenant_id, account_id=account.bank_account_id)
    row_id = account.bank_account_id
    return tx.keyring.unseal(
        tx, tenant_id=tenant_id, table="custody.bank_account", column="sealed", row_id=row_id, sealed=sealed
    ).decode()


@dataclass(frozen=True, slots=True)
class Sorted:
    """Which statements of a file are the plan's, by their place in it, and whose the others are: four digits each."""

    ours: tuple[int, ...]
    others: tuple[str, ...]


def sort_out(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, told: Sequence[str]) -> Sorted:
    """Which of a file's accounts (``told``) are the plan's: a debit of the employer's own would look like money gone.

    Every account that was ever the plan's counts. A statement that names none, or the one account of a plan without
    any on file, is not held up. A file that tells nothing of the plan's account is refused.
    """
    rows = _store.accounts_ever(tx, tenant_id=tenant_id, plan_id=plan_id, purpose=Purpose.PLAN)
    mine = [BankAccount(BankAccountId(row[0]), Purpose(row[1]), *row[2:]) for row in rows]
    numbers = [number_of(tx, tenant_id=tenant_id, account=each) for each in mine]
    if not mine:
        if len({each.strip() for each in told}) > 1:
            raise Open401kError(
                "It has statements of several accounts, and none is on file as the plan's.",
                fix="Put the plan's account on file first: open401k deposits account.",
            )
        return Sorted(tuple(range(len(told))), ())
    ours = [not account.strip() or any(_is_of(account, number) for number in numbers) for account in told]
    others = [_ending(account) for account, own in zip(told, ours, strict=True) if not own]
    if others and not any(ours):
        ends = "is another one" if others[0] == HIDDEN else f"ends in {others[0]}"
        raise Open401kError(
            f"It is no statement of the plan's account: its account {ends}, the plan's in {mine[0].last4 or HIDDEN}.",
            fix="Take the statement of the plan's account, or put this account on file as the plan's.",
        )
    return Sorted(tuple(at for at, own in enumerate(ours) if own), tuple(dict.fromkeys(others)))


def _ending(account: str) -> str:
    return account.strip()[-4:] if len(account.strip()) > 4 else HIDDEN


def _is_of(told: str, number: str) -> bool:
    """Whether a statement's account may be a number on file; banks leave zeros out, add a country, mask, name it.

    >>> [_is_of(told, "055500011") for told in ("55500011", "XXXXX0011", "US0555-00011", "Checking ...0011", "401k")]
    [True, True, True, True, True]
    >>> [_is_of(told, "055500011") for told in ("0011", "055500011USD", "Plan trust", "744567899012", "...0012")]
    [True, True, True, False, False]
    >>> [_is_of(*each) for each in (("123456A", "123456A"), ("12345678", "12-345-678"), ("2025 Fund ...0011", "50011"))]
    [True, True, True]
    """
    plain, mine = (re.sub(r"[^0-9A-Z]", "", each.upper()) for each in (told, number))
    if plain == mine:
        return True
    runs = [run for run in re.findall(r"[0-9]+", re.sub(r"[\s.-](?=[0-9])", "", told)) if len(run) > 3]
    known = re.sub(r"[^0-9]", "", number)
    short = known.lstrip("0")
    return not runs or any(
        run.lstrip("0") == short or known.endswith(run) or (len(short) > 4 and run.endswith(short)) for run in runs
    )


def propose(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, change: nacha.Change) -> AccountChangeId | None:
    """Keep what a bank asks to change of the employer's account; the same notice again is the first one.

    A bank asks once for each debit of a file: what waits for a decision already, or is on file by now, is no news.
    """
    known = _ach_store.change_by_trace(tx, tenant_id=tenant_id, plan_id=plan_id, trace=change.trace, code=change.code)
    if known is not None:
        return AccountChangeId(known)
    wanted = {
        "routing": change.routing, "number": change.account, "transaction_code": change.transaction_code,
        "text": change.text,
    }  # fmt: skip
    if _is_known(tx, tenant_id=tenant_id, plan_id=plan_id, code=change.code, wanted=wanted):
        return None
    change_id = tx.ids.new(AccountChangeId)
    sealed = tx.keyring.seal(
        tx,
        tenant_id=tenant_id,
        table="custody.account_change",
        column="sealed",
        row_id=change_id,
        plaintext=json.dumps(wanted).encode(),
    )
    shown = _shown(change)
    _ach_store.add_change(
        tx, tenant_id=tenant_id, plan_id=plan_id, change_id=change_id, trace=change.trace, code=change.code,
        sealed=sealed, shown=shown,
    )  # fmt: skip
    told = {"code": change.code, "shown": shown}
    audit.record(tx, tenant_id=tenant_id, action="custody.account_change_proposed", subject=change_id, after=told)
    return change_id


def changes(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Change]:
    """What banks asked to change, the oldest first."""
    rows = _ach_store.changes(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [Change(AccountChangeId(row[0]), *row[1:]) for row in rows]


def decide(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, change_id: AccountChangeId, accepted: bool
) -> BankAccountId | None:
    """A person takes over what the bank asked for, or does not. Deciding the same again changes nothing."""
    known = next(
        (c for c in changes(tx, tenant_id=tenant_id, plan_id=plan_id) if c.account_change_id == change_id), None
    )
    current = on_file(tx, tenant_id=tenant_id, plan_id=plan_id).get(Purpose.EMPLOYER)
    if known is None or current is None:
        raise Open401kError("There is no such change, or no account to change.", fix="See the plan's deposits.")
    if known.accepted is not None:
        if known.accepted != accepted:
            raise Open401kError("It was decided the other way before.", fix="Put the account on file that is right.")
        return current.bank_account_id if accepted else None
    new = _changed(tx, tenant_id, current, _wanted(tx, tenant_id, change_id), known.code) if accepted else None
    _ach_store.add_decision(tx, tenant_id=tenant_id, change_id=change_id, accepted=accepted)
    told = {"accepted": accepted, "code": known.code}
    audit.record(tx, tenant_id=tenant_id, action="custody.account_change_decided", subject=change_id, after=told)
    return None if new is None else add(tx, tenant_id=tenant_id, plan_id=plan_id, account=new)


def _wanted(tx: Tx, tenant_id: SponsorId, change_id: AccountChangeId) -> Wish:
    sealed = _ach_store.sealed_change(tx, tenant_id=tenant_id, change_id=change_id)
    told: Wish = json.loads(
        tx.keyring.unseal(
            tx, tenant_id=tenant_id, table="custody.account_change", column="sealed", row_id=change_id, sealed=sealed
        )
    )
    return told


def _changed(tx: Tx, tenant_id: SponsorId, current: BankAccount, wanted: Wish, code: str) -> NewAccount:
    """The account as the bank wants it; a refusal where the change is none of the account's."""
    routing, number, kind, text = (wanted.get(name) for name in ("routing", "number", "transaction_code", "text"))
    name = str(text)[:100] if code == "C04" and text else current.name
    if not (routing or number or kind or name != current.name):
        raise Open401kError(
            "This is no change of the account on file.", fix="Settle it with the bank, and leave the account as it is."
        )
    holds = _KINDS.get(int(kind) // 10) if kind else current.kind
    if holds is None:
        raise Open401kError(
            f"Transaction code {kind} is neither checking nor savings.", fix="Ask the employer for another account."
        )
    return NewAccount(
        Purpose.EMPLOYER, name, str(routing or current.routing),
        str(number) if number else number_of(tx, tenant_id=tenant_id, account=current), holds,
        current.bank_name, current.company_id,
    )  # fmt: skip


def _is_known(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, code: str, wanted: Wish) -> bool:
    """Whether the same waits for a decision, or is what the account on file says."""
    for each in changes(tx, tenant_id=tenant_id, plan_id=plan_id):
        same = each.accepted is None and each.code == code
        if same and _wanted(tx, tenant_id, each.account_change_id) == wanted:
            return True
    current = on_file(tx, tenant_id=tenant_id, plan_id=plan_id).get(Purpose.EMPLOYER)
    if current is None or not (wanted["routing"] or wanted["number"]):
        return False
    number = number_of(tx, tenant_id=tenant_id, account=current)
    try:
        new = _changed(tx, tenant_id, current, wanted, code)
    except Open401kError:  # a wish that nobody can take over, such as a loan account: told, and refused when decided
        return False
    return (new.routing, new.number, new.kind) == (current.routing, number, current.kind)


def _shown(change: nacha.Change) -> str:
    """The wish in words, without an account number."""
    about = change.meaning.replace("transaction code", "kind of account")
    parts = [f"The bank asks to change the {about}."]
    if change.routing:
        parts.append(f"Routing number {change.routing}.")
    if change.account:
        parts.append(f"Account ending in {change.account[-4:]}.")
    if change.transaction_code:
        kind = _KINDS.get(change.transaction_code // 10, f"one of transaction code {change.transaction_code}")
        parts.append(f"It is a {kind} account." if kind in _KINDS.values() else f"It is {kind}.")
    if change.text:
        parts.append(f"It should say: {change.text[:29]}.")
    return " ".join(parts)


def _refuse_impossible(account: NewAccount) -> None:
    if not is_routing(account.routing):
        raise Open401kError(
            "The routing number is not nine digits with a right check digit.", fix="Copy it from a check or the bank."
        )
    if not is_account(account.number):
        raise Open401kError("The account number has 1 to 17 letters, digits or hyphens.", fix="Leave out spaces.")
    if account.kind not in ("checking", "savings") or not account.name.strip():
        raise Open401kError("An account is checking or savings and has its holder's name.", fix="Give both.")
    if len(account.company_id) > 10 or not account.company_id.isascii():
        raise Open401kError("A company identification has at most ten characters.", fix="The bank assigns it.")
