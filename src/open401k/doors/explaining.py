"""A plan's explanation of section 402(f) as doors put and show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from open401k.base.db import Actor
from open401k.kernel import PlanId, Refused, SponsorId
from open401k.views import rollover_explanations as view

from .problems import NOT_FOUND, Problem, ProblemError
from .provided import GivenExplanation, Services
from .rollovers import story

#: Larger is no explanation (rails/node/papers.py); read no further.
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Putting:
    """Whose explanation is put, and by whom."""

    services: Services
    actor: Actor
    tenant_id: SponsorId
    plan_id: PlanId


def put(at: Putting, given: GivenExplanation) -> view.ExplanationLine:
    """The plan gives this one from now on; the same again is the same."""
    of: dict[str, Any] = {"tenant_id": at.tenant_id, "plan_id": at.plan_id}
    done = story(at.services).explain(actor=at.actor, **of, given=given)
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "It cannot be given.", done.message, done.fix))
    with at.services.db.begin(at.actor, tenants=[at.tenant_id]) as tx:
        return view.load(tx, **of)[0]


def document(begin: Callable[[], Any], *, tenant_id: SponsorId, plan_id: PlanId, fingerprint: str) -> Response:
    """Its bytes: a text is shown as text, a PDF is downloaded, never shown inside a page."""
    with begin() as tx:
        found = view.read(tx, tenant_id=tenant_id, plan_id=plan_id, fingerprint=fingerprint)
    if found is None:
        raise ProblemError(NOT_FOUND)
    if found.media == "application/pdf":
        headers = {"content-disposition": 'attachment; filename="explanation.pdf"'}
        return Response(found.content, media_type="application/pdf", headers=headers)
    return Response(found.content, media_type="text/plain; charset=utf-8")
