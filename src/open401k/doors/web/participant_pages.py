"""A participant's own page ``/mine/{link}``: what may leave, the choices in words, asking, where it stands. ADR-0065.

The link is all that is asked for. Whole without scripts; the stamp of a form is not needed, for who can send one has
the link.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from open401k.flows import participant_wish
from open401k.kernel import FlowId, RolloverId
from open401k.recordkeeping import RolloverWay
from open401k.views.wish_words import INTO_WORDS

from .. import explaining
from ..guard import Open, word
from ..participant_forms import wish_in
from ..participants import Visitor, visitor, wished
from ..problems import NOT_FOUND, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(
    prefix="/mine/{link}", include_in_schema=False, dependencies=[Depends(Open("the link is the credential"))]
)
Mine = Annotated[Visitor, Depends(visitor)]


@router.get("")
def mine(request: Request, caller: Mine, link: str) -> Response:
    """The page."""
    shown = caller.page()
    around = frame(request, "Your account and rollovers")
    key, said = str(caller.services.ids.new(FlowId)), request.query_params.get("said", "")
    words = {"asked": "You asked. The plan's staff look at it.", "back": "You took it back."}.get(said, "")
    places = tuple(INTO_WORDS.items())
    return page(request, "participant", around, mine=shown, base=f"/mine/{link}", key=key, done=words, places=places)


@router.post("/rollovers")
async def ask(request: Request, caller: Mine, link: str) -> Response:
    """A wish."""
    async with request.form(max_files=0, max_fields=60) as form:
        said = {name: word(form, name) for name in form}
    way = {"in": RolloverWay.INTO, "out": RolloverWay.OUT}.get(said.get("way", ""))
    if way is None or not said.get("key"):
        raise ProblemError(NOT_FOUND)
    wish = wish_in(said, way)
    db, who, key = caller.services.db, caller.who, said["key"]
    wished(await run_in_threadpool(lambda: participant_wish.wish(db, who=who, way=way, wished=wish, key=key)))
    return see_other(f"/mine/{quote(link)}?said=asked")


@router.post("/rollovers/{rollover_id}/withdrawn")
def withdraw(caller: Mine, link: str, rollover_id: str) -> Response:
    """Take it back."""
    which = named(RolloverId, rollover_id)
    wished(participant_wish.withdraw(caller.services.db, who=caller.who, rollover_id=which))
    return see_other(f"/mine/{quote(link)}?said=back")


@router.get("/rollovers/{rollover_id}/tracker")
def tracker(caller: Mine, rollover_id: str) -> Response:
    """On to the node's page, where it is followed and signed."""
    return RedirectResponse(caller.tracker(named(RolloverId, rollover_id)), 303)


@router.get("/explanation/{fingerprint}")
def explanation(caller: Mine, fingerprint: str) -> Response:
    """A document of the plan."""
    who, db = caller.who, caller.services.db
    return explaining.document(
        lambda: db.begin(participant_wish.actor_of(who), tenants=[who.tenant_id]), tenant_id=who.tenant_id,
        plan_id=who.plan_id, fingerprint=fingerprint,
    )  # fmt: skip
