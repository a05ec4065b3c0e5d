"""Gusto: one company's roster and payrolls, and what is withheld there. Not here: its fields (gusto_read, gusto_write).

By Gusto's OpenAPI description of 2025-06-15. Gusto never tells a Social Security number, counts a page from one, and
names the benefits of a payroll by their description.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from open401k.kernel import day_of

from ..rows import Field
from . import doubts
from . import gusto_read as read
from . import gusto_write as write
from .client import SAME_PAGE, Client, Surroundings, is_again, unauthorized
from .connector import Provider, ProviderError, TokenKeeper, Tokens, Trouble
from .cursor import Seen
from .reading import Told, decoded
from .statements import (
    Company,
    InForce,
    Instruction,
    Notice,
    PayCode,
    Person,
    ProviderPayroll,
    Pulled,
    Receipt,
    ReceiptState,
    Unread,
    stands_with,
)

API_VERSION = "2025-06-15"
PRODUCTION = "https://api.gusto.com"
#: Payrolls that are read at one go: so much is lost, at most, where a pull is cut short.
AT_ONCE = 20
_PER_PAGE = 100
_YEAR = timedelta(days=364)  # Gusto lists no more than a year at once
#: Gusto lists payrolls by their period, of which the pay date is behind the end: what is paid from a day on is asked
#: for by periods that end so much before it; what was paid before it is left out by its pay date (provider_payrolls).
_PAID_BEHIND = timedelta(days=31)
_EARLY = timedelta(minutes=2)  # a token is renewed before it ends on the way


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration at Gusto."""

    client_id: str
    client_secret: str = field(repr=False)
    url: str = PRODUCTION


class Gusto:
    """A :class:`~.connector.Connector` for one company at Gusto.

    ``today`` is the business day, where that is not the machine's: how far ahead payrolls are looked for.
    """

    provider = Provider.GUSTO

    def __init__(
        self,
        *,
        company_id: str,
        application: Application,
        tokens: TokenKeeper,
        around: Surroundings,
        since: date,
        today: date | None = None,
    ) -> None:
        self._company, self._since, self._day = company_id, since, today
        self._application = application
        self._client = Client(
            base_url=application.url,
            headers={"X-Gusto-API-Version": API_VERSION, "accept": "application/json"},
            tokens=tokens,
            refresh=self._refresh,
            around=around,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def company(self) -> Company:
        """The employer, with pay schedules."""
        told = self._client.get(f"/v1/companies/{self._company}").told
        return read.company(told, self._client.get(f"/v1/companies/{self._company}/pay_schedules").told.items())

    def people(self) -> Iterator[Person | Unread]:
        """Everybody: at work, to come, and gone; who was ever gone with every employment."""
        for told in self._client.pages(f"/v1/companies/{self._company}/employees", {}, per=_PER_PAGE):
            self._must_be_ours(told)
            history = None
            if read.was_here_before(told):
                history = self._client.get(f"/v1/employees/{told.text('uuid')}/employment_history").told.items()
            try:
                person = read.person(told, history)
            except ProviderError as error:
                yield doubts.unread(told.text("uuid"), error)
                continue
            yield person

    def pay_codes(self) -> Sequence[PayCode]:
        """Rates of pay, earning types, benefits."""
        rates = self._client.get(f"/v1/companies/{self._company}").told
        types = self._client.get(f"/v1/companies/{self._company}/earning_types").told
        return read.pay_codes(self._benefits(), rates, types)

    def payrolls(self, *, since: str) -> Pulled:
        """Payrolls whose entry in Gusto's list is new or has changed since; reversals with what they reverse."""
        seen = Seen.read(since, self._since)
        listed = list(self._listed(seen.start - _PAID_BEHIND))
        reverses = {each: told.text("payroll_uuid") for told in listed for each in read.reversals_of(told)}
        looks = {told.text("payroll_uuid"): read.fingerprint(told) for told in listed}
        fresh = {told.text("payroll_uuid"): told for told in listed}
        fresh = {key: told for key, told in fresh.items() if seen.is_news(key, looks[key])}
        undated = [bad for key, told in fresh.items() if (bad := doubts.undated(key, told, "check_date"))]
        news = [told for key, told in fresh.items() if key not in {each.provider_id for each in undated}]
        news.sort(key=lambda told: (told.day("check_date"), told.text("payroll_uuid")))
        now, later = [told.text("payroll_uuid") for told in news[:AT_ONCE]], news[AT_ONCE:]
        benefits = self._benefits() if now else ()
        answers = [self._payroll(each, benefits, reverses) for each in now]
        found = [each for each in answers if isinstance(each, ProviderPayroll)]
        odd = [*undated, *(each for each in answers if isinstance(each, Unread))]
        known = [*now, *(each.provider_id for each in undated)]
        start, gone = seen.start, seen.settle(looks, {each: looks[each] for each in known})
        return Pulled(found, seen.written(self._today()), odd, more=bool(later), gone=gone, looked_from=start)

    def in_force(self, *, person_id: str) -> Sequence[InForce]:
        """What is withheld for one person: benefits of the plan, and deductions that repay loans."""
        kinds = {each.provider_id: each.means for each in self._benefits()}
        enrolled = self._client.get(f"/v1/employees/{person_id}/employee_benefits").told.items()
        found = [read.in_force(told, kinds) for told in enrolled]
        deducted = self._client.get(f"/v1/employees/{person_id}/garnishments").told.items()
        loans = [each for told in deducted if (each := read.loan_in_force(told)) is not None]
        return [each for each in found if each.means is not None] + loans

    def push(self, wanted: Instruction) -> Receipt:
        """Change what is in force, by its version; or make it, unless it is there as wanted already."""
        if wanted.means is Field.MATCH:
            return self._match(wanted)
        there = [
            each
            for each in self.in_force(person_id=wanted.person_id)
            if each.means is wanted.means and each.loan_id == wanted.loan_id
        ]
        current = next((each for each in there if each.active), there[0] if there else None)
        if current is not None and _is_so(current, wanted):
            return Receipt(ReceiptState.DONE, current.provider_id, current.version)
        if wanted.version and (current is None or current.version != wanted.version):
            message = "What is withheld was changed at Gusto since it was read."
            raise ProviderError(Trouble.CONFLICT, message, where=wanted.person_id, fix="Read it again, then decide.")
        if current is None and wanted.stops:
            return Receipt(ReceiptState.DONE)
        return self._loan(wanted, current) if wanted.means is Field.LOAN_PAYMENT else self._benefit(wanted, current)

    def acknowledged(self, receipt: Receipt) -> Receipt:
        """Gusto answers at once: a receipt is never newer."""
        return receipt

    def _benefit(self, wanted: Instruction, current: InForce | None) -> Receipt:
        body = write.enrolment(wanted)
        if current is not None:
            path, method = f"/v1/employee_benefits/{current.provider_id}", "PUT"
            body["version"] = current.version
        else:
            path, method = f"/v1/employees/{wanted.person_id}/employee_benefits", "POST"
            body["company_benefit_uuid"] = self._company_benefit(wanted.means)
        return self._sent(method, path, body)

    def _match(self, wanted: Instruction) -> Receipt:
        """The company's contribution beside the deduction that the match stands with; nothing else of it changes."""
        active = [each for each in self.in_force(person_id=wanted.person_id) if each.active]
        answer = stands_with(wanted, [each for each in active if each.means is not Field.LOAN_PAYMENT])
        if isinstance(answer, Receipt):
            return answer
        body = {**write.match(wanted), "version": answer.version}
        return self._sent("PUT", f"/v1/employee_benefits/{answer.provider_id}", body)

    def _loan(self, wanted: Instruction, current: InForce | None) -> Receipt:
        body = write.loan(wanted)
        if current is None:
            return self._sent("POST", f"/v1/employees/{wanted.person_id}/garnishments", body)
        return self._sent("PUT", f"/v1/garnishments/{current.provider_id}", {**body, "version": current.version})

    def _sent(self, method: str, path: str, body: Any) -> Receipt:
        told = self._client.send(method, path, body).told
        return Receipt(ReceiptState.DONE, told.text("uuid"), told.text("version"))

    def _company_benefit(self, means: Field) -> str:
        found = [each for each in self._benefits() if each.means is means and each.active]
        if len(found) == 1:
            return found[0].provider_id
        if means not in read.BENEFIT_TYPES.values():
            fix = "It is entered at Gusto by hand."
            raise ProviderError(Trouble.REFUSED, f"Gusto has no benefit for {means}.", fix=fix)
        message = f"The company has {len(found)} active benefits at Gusto for {means}; there must be one."
        raise ProviderError(
            Trouble.ASK_A_PERSON, message, fix="Set up the 401(k) benefit at Gusto, once for each tax kind."
        )

    def _benefits(self) -> Sequence[read.Benefit]:
        found = []
        for told in self._client.get(f"/v1/companies/{self._company}/company_benefits").told.items():
            loans: dict[str, str] = {}
            if told.number("benefit_type") not in read.BENEFIT_TYPES and "loan" in told.text("description").casefold():
                path = f"/v1/company_benefits/{told.text('uuid')}/employee_benefits"
                loans = read.loans_of(self._client.pages(path, {}, per=_PER_PAGE))
            found.append(read.benefit(told, loans))
        return found

    def _listed(self, start: date) -> Iterator[Told]:
        """Every processed payroll whose period does not end before ``start``, a year at a time."""
        path, end = f"/v1/companies/{self._company}/payrolls", self._today() + timedelta(days=60)
        known: set[str] = set()
        while start <= end:
            params = {
                "processing_statuses": "processed",
                "payroll_types": "regular,off_cycle,external",
                "include": "totals,reversals",
                "start_date": start.isoformat(),
                "end_date": min(start + _YEAR, end).isoformat(),
            }
            for told in self._client.pages(path, params, per=_PER_PAGE):
                self._must_be_ours(told)
                if read.is_processed(told) and told.text("payroll_uuid") not in known:
                    known.add(told.text("payroll_uuid"))
                    yield told
            start += _YEAR

    def _must_be_ours(self, told: Told) -> None:
        """Nobody of another company is taken for one of this one, whatever was asked for."""
        if told.text_or("company_uuid", self._company) != self._company:
            raise told.at("company_uuid").odd("the company that was asked for")

    def _payroll(
        self, payroll_id: str, benefits: Sequence[read.Benefit], reverses: Mapping[str, str]
    ) -> ProviderPayroll | Unread:
        """With every page of its compensations."""
        path, include = f"/v1/companies/{self._company}/payrolls/{payroll_id}", "benefits,deductions,totals,reversals"
        compensations: list[Told] = []
        for page in range(1, 10_001):
            told = self._client.get(path, {"include": include, "page": page, "per": _PER_PAGE}).told
            self._must_be_ours(told)
            if told.text("payroll_uuid") != payroll_id:
                raise told.at("payroll_uuid").odd("the payroll that was asked for")
            found = list(told.items("employee_compensations"))
            if is_again(found, compensations, _PER_PAGE):
                return Unread(payroll_id, f"{path}: {SAME_PAGE}")
            compensations += found
            if len(found) < _PER_PAGE:
                if not told.flag("processed"):
                    message = "The payroll was taken back while it was read."
                    raise ProviderError(Trouble.TRY_AGAIN, message, where=path)
                try:
                    return read.payroll(told, compensations, benefits, reverses)
                except ProviderError as error:
                    return doubts.unread(payroll_id, error)
        raise ProviderError(Trouble.BUG, "The list does not end.", where=path)

    def _refresh(self, client: Client, used: Tokens) -> Tokens:
        body = {
            "client_id": self._application.client_id,
            "client_secret": self._application.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": used.refresh,
        }
        return granted(client, body)

    def _today(self) -> date:
        return self._day or day_of(self._client.now)


def granted(client: Client, body: Mapping[str, str]) -> Tokens:
    """What Gusto grants for a refresh token or for the code of an authorization; a person's turn if it does not."""
    try:
        told = client.send_openly("/oauth/token", body).told
    except ProviderError as error:
        if error.trouble is Trouble.REFUSED:
            raise unauthorized("POST /oauth/token") from None
        raise
    access, refresh, seconds = read.tokens_of(told)
    return Tokens(access, refresh, client.now + timedelta(seconds=seconds) - _EARLY)


def authorize_url(application: Application, *, redirect_uri: str, state: str) -> str:
    """Where somebody who runs payroll lets us in; the provider sends them back with a code."""
    asked = {
        "client_id": application.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
    }
    return f"{application.url}/oauth/authorize?{urlencode(asked)}"


def connect_by_code(
    application: Application, *, code: str, redirect_uri: str, around: Surroundings
) -> tuple[Company, Tokens]:
    """What the code of an authorization opens: a company, and the tokens for it."""
    held = _Held()
    headers = {"X-Gusto-API-Version": API_VERSION, "accept": "application/json"}
    client = Client(base_url=application.url, headers=headers, tokens=held, refresh=lambda _, used: used, around=around)
    try:
        body = {
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
        }
        held.tokens = granted(client, body)
        resource = client.get("/v1/token_info").told.at("resource")
        if resource.text("type") != "Company":
            raise resource.at("type").odd("a company's authorization")
        path = f"/v1/companies/{resource.text('uuid')}"
        return read.company(client.get(path).told, client.get(f"{path}/pay_schedules").told.items()), held.tokens
    finally:
        client.close()


@dataclass(slots=True)
class _Held:
    """Tokens that are kept nowhere yet."""

    tokens: Tokens = field(default_factory=lambda: Tokens(""))

    def current(self) -> Tokens:
        return self.tokens

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        del refresh  # fresh ones that are refused are not renewed: the code was not good
        raise unauthorized("GET /v1/token_info") if used is self.tokens else AssertionError


def notice(*, headers: Mapping[str, str], body: bytes, secret: str) -> Notice | None:
    """A webhook of Gusto's: the HMAC-SHA256 of the body under the subscription's verification token, in hexadecimal."""
    signed = headers.get("x-gusto-signature", "")
    expected = hmac.digest(secret.encode(), body, "sha256").hex()
    if not secret or not signed.isascii() or not hmac.compare_digest(signed, expected):
        return None
    told = decoded(body, where="webhook")
    return Notice(
        provider_id=told.text("uuid"),
        kind=told.text("event_type"),
        company_id=told.text("resource_uuid"),
        entity_id=told.text_or("entity_uuid"),
        at_seconds=told.number("timestamp") if told.has("timestamp") else None,
    )


def _is_so(current: InForce, wanted: Instruction) -> bool:
    """Whether nothing is left to do: a repeat of what was pushed, or what somebody typed there already."""
    if wanted.stops:
        return not current.active
    rest = (wanted.employee, wanted.annual_maximum_cents, wanted.catch_up)
    employer = wanted.employer is None or wanted.employer == current.employer
    return current.active and employer and rest == (current.employee, current.annual_maximum_cents, current.catch_up)
