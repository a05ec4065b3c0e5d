"""Finch: one employer's payroll at any provider behind it. Not here: its fields (finch_read, finch_write).

Writes are jobs: a benefit is made by one, and only then can somebody be enrolled in it, by another. Tokens do not end.
"""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from open401k.kernel import day_of

from ..rows import Field
from . import doubts
from . import finch_read as read
from . import finch_write as write
from .client import NOT_WHOLE, Surroundings
from .connector import Provider, ProviderError, TokenKeeper, Tokens, Trouble
from .cursor import Seen
from .finch_client import PRODUCTION, FinchClient, error_code, trouble
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
    Rate,
    Receipt,
    ReceiptState,
    Unread,
    stands_with,
)

if TYPE_CHECKING:
    import httpx

CONNECT = "https://connect.tryfinch.com"
#: What we ask the employer to let us see and do.
PRODUCTS = ("company", "directory", "individual", "ssn", "employment", "payment", "pay_statement", "benefits")
#: Payments whose statements Finch gives at one go; so much is lost, at most, where a pull is cut short.
AT_ONCE = 10
_PER_PAGE, _PEOPLE_AT_ONCE, _STATEMENTS = 100, 500, 1_000
_YEAR = timedelta(days=364)
_MOST_PAGES, _AGAIN = 1_000, 5


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration at Finch. ``url``: another place for both its API and its page of consent."""

    client_id: str
    client_secret: str = field(repr=False)
    url: str = PRODUCTION


class Finch:
    """A :class:`~.connector.Connector` for one company at Finch, ``company_id`` where it is known already. ``today`` is
    the business day, where that is not the machine's.
    """

    provider = Provider.FINCH

    def __init__(
        self,
        *,
        application: Application,
        tokens: TokenKeeper,
        around: Surroundings,
        since: date,
        company_id: str = "",
        today: date | None = None,
        http: "httpx.Client | None" = None,
    ) -> None:
        self._since, self._day, self._company = since, today, company_id
        access = tokens.current().access
        self._client = FinchClient(url=application.url, around=around, access_token=access, http=http)
        self._begun: dict[tuple[Field, str], write.Job] = {}  # benefits that are being made, by us, just now

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def company(self) -> Company:
        """The employer."""
        return read.company(self._client.told("company", lambda f: f.hris.company.with_raw_response.retrieve()))

    def people(self) -> Iterator[Person | Unread]:
        """Everybody but contractors, with Social Security numbers where the employer allowed them."""
        told = self._client.told("introspect", lambda f: f.account.with_raw_response.introspect())
        self._must_be_ours(told)
        found = [each.text("id") for each in self._directory()]
        ssn = any(each.value == "ssn" for each in told.items("products"))
        for first in range(0, len(found), _PEOPLE_AT_ONCE):
            ids = found[first : first + _PEOPLE_AT_ONCE]
            individuals, employments = self._individuals(ids, ssn=ssn), self._employments(ids)
            for each in ids:
                if each not in individuals or each not in employments:
                    raise ProviderError(Trouble.BUG, "Somebody of the directory was left out.", where="individual")
                try:
                    person = read.person(individuals[each], employments[each])
                except ProviderError as error:
                    yield doubts.unread(each, error)
                    continue
                if person is not None:
                    yield person

    def _must_be_ours(self, told: Told) -> None:
        """Nobody of another company is taken for one of this one, whatever the token opens."""
        theirs = told.text_or("company_id", self._company)
        if self._company and theirs != self._company:
            fix = "It is asked again by itself; if it stays, connect again and choose this company there."
            raise ProviderError(
                Trouble.BUG, "Finch answers for another company.", where="introspect.company_id", fix=fix
            )

    def pay_codes(self) -> Sequence[PayCode]:
        """Every item that a pay statement has shown."""
        told = self._client.told("pay-statement-item", lambda f: f.hris.pay_statement_item.with_raw_response.list())
        return read.pay_codes(told.items("responses"))

    def payrolls(self, *, since: str) -> Pulled:
        """Payments whose entry in Finch's list is new or has changed since, as far as their statements are there."""
        seen = Seen.read(since, self._since)
        listed = {told.text("id"): told for told in self._listed(seen.start)}
        looks = {key: read.fingerprint(told) for key, told in listed.items()}
        fresh = {key: told for key, told in listed.items() if seen.is_news(key, looks[key])}
        undated = [bad for key, told in fresh.items() if (bad := doubts.undated(key, told, "pay_date"))]
        news = [told for key, told in fresh.items() if key not in {each.provider_id for each in undated}]
        news.sort(key=lambda told: (told.day("pay_date"), told.text("id")))
        now = news[:AT_ONCE]
        answers = self._statements(now) if now else []
        known = [each.provider_id for each in [*undated, *answers]]
        start, gone = seen.start, seen.settle(looks, {each: looks[each] for each in known})
        found = [each for each in answers if isinstance(each, ProviderPayroll)]
        odd = [*undated, *(each for each in answers if isinstance(each, Unread))]
        cursor, more = seen.written(self._today()), len(news) > len(answers)
        return Pulled(found, cursor, odd, more=more, gone=gone, looked_from=start)

    def in_force(self, *, person_id: str) -> Sequence[InForce]:
        """What is withheld for one person under each benefit that is money of a plan."""
        ours = [each for each in self._benefits() if each.means is not None]
        return [found for each in ours if (found := self._enrolled(each, person_id)) is not None]

    def push(self, wanted: Instruction) -> Receipt:
        """Enrol, change or stop, unless it is so already; a benefit that is not there is made first."""
        if wanted.means is Field.MATCH:
            return self._match(wanted)
        if wanted.stops and wanted.means not in write.TYPES:
            return Receipt(ReceiptState.DONE)  # nothing of it was ever begun there
        body = write.benefit(wanted)
        there = [each for each in self._benefits() if each.means is wanted.means and each.loan_id == wanted.loan_id]
        if len(there) > 1:
            fix = "Leave one of them at the payroll provider."
            message = f"There are {len(there)} benefits for {wanted.means} there; it must be one."
            raise ProviderError(Trouble.ASK_A_PERSON, message, fix=fix)
        current = self._enrolled(there[0], wanted.person_id) if there else None
        if wanted.stops and current is None:
            return Receipt(ReceiptState.DONE)
        if current is not None and _is_so(current, wanted):
            return Receipt(ReceiptState.DONE, current.provider_id, current.version)
        if wanted.version and (current is None or current.version != wanted.version):
            message = "What is withheld was changed there since it was read."
            raise ProviderError(Trouble.CONFLICT, message, where=wanted.person_id, fix="Read it again, then decide.")
        if current is not None and wanted.employer is None and not wanted.stops:
            wanted = replace(wanted, employer=current.employer)  # an enrolment takes the place of all that is there
        if there:
            return (
                self._stop(wanted, there[0].provider_id) if wanted.stops else self._enrol(wanted, there[0].provider_id)
            )
        return self._made_first(wanted, body)

    def _match(self, wanted: Instruction) -> Receipt:
        """What is in force with another contribution of the company: an enrolment takes the place of the one there."""
        ours = {each.provider_id: each for each in self._benefits() if each.means in (Field.PRE_TAX, Field.ROTH)}
        known = [(each, found) for each, of in ours.items() if (found := self._enrolled(of, wanted.person_id))]
        answer = stands_with(wanted, [found for _, found in known])
        if isinstance(answer, Receipt):
            return answer
        whole = replace(
            wanted,
            means=Field(wanted.loan_id),
            employee=answer.employee,
            employer=wanted.employer or Rate(cents=0),
            annual_maximum_cents=answer.annual_maximum_cents,
            catch_up=answer.catch_up,
            loan_id="",
        )
        return self._enrol(whole, next(benefit_id for benefit_id, found in known if found is answer))

    def acknowledged(self, receipt: Receipt) -> Receipt:
        """The same receipt, newer; where the job made a benefit, the enrolment in it begins."""
        if receipt.state is not ReceiptState.WAITING:
            return receipt
        job = write.job(receipt.job)
        told = self._client.told("job", lambda f: f.jobs.manual.with_raw_response.retrieve(job.job_id))
        status = told.text("status")
        if status in ("pending", "in_progress"):
            if job.then is not None:
                self._begun[_kind(job.then)] = job
            return receipt
        if status not in ("complete", "error"):
            raise told.at("status").odd("a status of a job")
        reason = read.job_reason(told)
        if reason or status == "error":
            return Receipt(ReceiptState.REFUSED, job.benefit_id, reason=reason)
        if job.then is not None:
            return self._enrol(job.then, job.benefit_id)
        return Receipt(ReceiptState.DONE, job.benefit_id)

    def _made_first(self, wanted: Instruction, body: dict[str, Any]) -> Receipt:
        """The benefit's job, once for everybody who waits for the same one."""
        job = self._begun.get(_kind(wanted))
        if job is None:
            told = self._client.told(
                "make benefit", lambda f: f.hris.benefits.with_raw_response.create(**body), repeat=False
            )
            job = self._begun[_kind(wanted)] = write.Job(told.text("job_id"), told.text("benefit_id"))
        waits = write.Job(job.job_id, job.benefit_id, wanted)
        return Receipt(ReceiptState.WAITING, job.benefit_id, job=waits.written())

    def _enrol(self, wanted: Instruction, benefit_id: str) -> Receipt:
        sent: Any = [write.enrolment(wanted)]
        told = self._client.told(
            "enrol",
            lambda f: f.hris.benefits.individuals.with_raw_response.enroll_many(benefit_id, individuals=sent),
        )
        return _waits(told, benefit_id)

    def _stop(self, wanted: Instruction, benefit_id: str) -> Receipt:
        ids = [wanted.person_id]
        told = self._client.told(
            "unenrol",
            lambda f: f.hris.benefits.individuals.with_raw_response.unenroll_many(benefit_id, individual_ids=ids),
        )
        return _waits(told, benefit_id)

    def _benefits(self) -> list[read.Benefit]:
        told = self._client.told("benefits", lambda f: f.hris.benefits.with_raw_response.list())
        return [read.benefit(each) for each in told.items()]

    def _enrolled(self, of: read.Benefit, person_id: str) -> InForce | None:
        told = self._client.told(
            "enrolments",
            lambda f: f.hris.benefits.individuals.with_raw_response.retrieve_many_benefits(
                of.provider_id, individual_ids=person_id
            ),
        )
        mine = [each for each in told.items() if each.text("individual_id") == person_id]
        return read.in_force(mine[0], of) if mine else None

    def _directory(self) -> list[Told]:
        """Everybody; read anew where the list changed meanwhile: who moved to a page that was read would be missed.

        So is one that lost a page or tells one twice: nobody of it is taken until it holds together.
        """
        for _ in range(_AGAIN):
            found = self._directory_pages()
            if found is not None:
                return found
        raise ProviderError(Trouble.TRY_AGAIN, NOT_WHOLE, where="directory", fix="It is tried again by itself.")

    def _directory_pages(self) -> list[Told] | None:
        """Page after page, until as many came as there are said to be."""
        found: list[Told] = []
        counted: int | None = None
        for _ in range(_MOST_PAGES):
            told = self._directory_page(len(found))
            page, count = list(told.items("individuals")), _counted(told)
            if found and count != counted:
                return None
            counted = count
            found += page
            if not _more(told, len(found), page, _PER_PAGE):
                whole = len({each.text("id") for each in found}) == len(found) == (counted or len(found))
                return found if whole else None
        raise ProviderError(Trouble.BUG, "The list does not end.", where="directory")

    def _individuals(self, ids: Sequence[str], *, ssn: bool) -> dict[str, Told]:
        requests: Any = [{"individual_id": each} for each in ids]
        options: Any = {"include": ["ssn"]} if ssn else None
        told = self._client.told(
            "individual",
            lambda f: f.hris.individuals.with_raw_response.retrieve_many(requests=requests, options=options),
        )
        return read.bodies(told, key="responses", by="individual_id")

    def _employments(self, ids: Sequence[str]) -> dict[str, Told]:
        requests: Any = [{"individual_id": each} for each in ids]
        told = self._client.told(
            "employment", lambda f: f.hris.employments.with_raw_response.retrieve_many(requests=requests)
        )
        return read.bodies(told, key="responses", by="individual_id")

    def _listed(self, start: date) -> Iterator[Told]:
        """Every payment with a pay date not before ``start``, a year at a time."""
        end = self._today() + timedelta(days=60)
        while start <= end:
            last = min(start + _YEAR, end)
            yield from self._payments(start, last).items()
            start = last + timedelta(days=1)

    def _directory_page(self, offset: int) -> Told:
        return self._client.told(
            "directory", lambda f: f.hris.directory.with_raw_response.list(limit=_PER_PAGE, offset=offset)
        )

    def _payments(self, first: date, last: date) -> Told:
        return self._client.told(
            "payment", lambda f: f.hris.payments.with_raw_response.list(start_date=first, end_date=last)
        )

    def _statements(self, payments: Sequence[Told]) -> list[ProviderPayroll | Unread]:
        """In order, up to the first that Finch still gathers; none at all is a reason to come back later."""
        ids = [each.text("id") for each in payments]
        first = {told.text("payment_id"): told for told in self._batch(ids, 0)}
        found: list[ProviderPayroll | Unread] = []
        for payment, payment_id in zip(payments, ids, strict=True):
            if payment_id not in first:
                raise ProviderError(Trouble.BUG, "A payment that was asked for is missing.", where="pay-statement")
            told = first[payment_id]
            body, code = told.at("body"), told.number("code")
            if code != 200:
                if found:
                    return found
                raise trouble(code, error_code(body), "pay-statement")
            statements = self._pages(payment_id, body)
            try:
                found.append(read.payroll(payment, statements, counted=_counted(body)))
            except ProviderError as error:
                found.append(doubts.unread(payment_id, error))
        return found

    def _pages(self, payment_id: str, body: Told) -> list[Told]:
        """Every pay statement of one payment; ``body`` is its first page."""
        page = list(body.items("pay_statements"))
        found = list(page)
        for _ in range(_MOST_PAGES):
            if not _more(body, len(found), page, _STATEMENTS):
                return found
            (told,) = self._batch([payment_id], len(found))
            (body,) = read.bodies(Told({"it": [told.value]}, told.path), key="it", by="payment_id").values()
            page = list(body.items("pay_statements"))
            found += page
        raise ProviderError(Trouble.BUG, "The list does not end.", where="pay-statement")

    def _batch(self, ids: Sequence[str], offset: int) -> list[Told]:
        requests: Any = [{"payment_id": each, "limit": _STATEMENTS, "offset": offset} for each in ids]
        told = self._client.told(
            "pay-statement", lambda f: f.hris.pay_statements.with_raw_response.retrieve_many(requests=requests)
        )
        return list(told.items("responses"))

    def _today(self) -> date:
        return self._day or day_of(self._client.now)


def _counted(told: Told) -> int | None:
    """How many elements the whole list is said to have."""
    paging = told.maybe("paging")
    return paging.number("count") if paging and paging.has("count") else None


def _more(told: Told, so_far: int, page: Sequence[Told], limit: int) -> bool:
    """Whether a list goes on. An empty page ends it, whatever the count says; a short one where nothing does."""
    counted = _counted(told)
    return bool(page) and (len(page) >= limit if counted is None else so_far < counted)


def _waits(told: Told, benefit_id: str) -> Receipt:
    return Receipt(ReceiptState.WAITING, benefit_id, job=write.Job(told.text("job_id"), benefit_id).written())


def _kind(wanted: Instruction) -> tuple[Field, str]:
    return wanted.means, wanted.loan_id


def _is_so(current: InForce, wanted: Instruction) -> bool:
    """Whether nothing is left to do: a repeat of what was pushed, or what somebody typed there already."""
    if wanted.stops:
        return False
    rest = (wanted.employee, wanted.annual_maximum_cents, wanted.catch_up)
    employer = wanted.employer is None or wanted.employer == current.employer
    return employer and rest == (current.employee, current.annual_maximum_cents, current.catch_up)


def authorize_url(application: Application, *, redirect_uri: str, state: str) -> str:
    """Where somebody who runs payroll chooses their provider and lets us in; they come back with a code."""
    asked = {
        "client_id": application.client_id,
        "products": " ".join(PRODUCTS),
        "redirect_uri": redirect_uri,
        "state": state,
    }
    place = CONNECT if application.url == PRODUCTION else application.url
    return f"{place}/authorize?{urlencode(asked)}"


def connect_by_code(
    application: Application, *, code: str, redirect_uri: str, around: Surroundings
) -> tuple[Company, Tokens]:
    """What the code of an authorization opens: a company, and the token for it, which does not end."""
    client = FinchClient(url=application.url, around=around)
    try:
        keys: dict[str, Any] = {"client_id": application.client_id, "client_secret": application.client_secret}
        told = client.told(
            "token",
            lambda f: f.access_tokens.with_raw_response.create(code=code, redirect_uri=redirect_uri, **keys),
            repeat=False,
        )
        access = told.text("access_token")
    finally:
        client.close()
    client = FinchClient(url=application.url, around=around, access_token=access)
    try:
        found = read.company(client.told("company", lambda f: f.hris.company.with_raw_response.retrieve()))
        return found, Tokens(access)
    finally:
        client.close()


def notice(*, headers: Mapping[str, str], body: bytes, secret: str) -> Notice | None:
    """A webhook of Finch's: the HMAC-SHA256 of its id, its second and its body, under the secret in base64.

    An old one that is sent again is no news: each is kept by its id.
    """
    event, second = headers.get("finch-event-id", ""), headers.get("finch-timestamp", "")
    try:
        key = base64.b64decode(secret, validate=True)
    except (ValueError, binascii.Error):
        return None
    if not key or not event or not (second.isascii() and second.isdigit()) or len(second) > 12:
        return None
    signed = hmac.digest(key, f"{event}.{second}.".encode() + body, "sha256")
    wanted = b"v1," + base64.b64encode(signed)
    offered = headers.get("finch-signature", "").encode()
    if not any(hmac.compare_digest(each, wanted) for each in offered.split(b" ")):
        return None
    told = decoded(body, where="webhook")
    return Notice(
        provider_id=event, kind=told.text("event_type"), company_id=told.text("company_id"), at_seconds=int(second)
    )
