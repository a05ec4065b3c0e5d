"""All pages of a node as routes, for the application that serves it: participants' links, the console, static files."""

from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails.evidence.on_chain import Wallets

from ..security import SameOrigin, SecurityHeaders
from . import (
    asking_back_page,
    console_pages,
    election_page,
    evidence_page,
    inviting_page,
    receivers_page,
    records_page,
    signatures_page,
    tracker_page,
    voter_page,
)
from .asked import ForVoters
from .asking_back import ForAskingBack
from .for_signatures import ForSignatures
from .inviting import ForInviting
from .look import Look
from .provided import ForPages
from .records import ForRecords
from .wishes import ForReceivers


def routes(
    given: ForPages,
    random: Random,
    *,
    hands_out: evidence_page.HandsOut | None = None,
    wallets: Wallets | None = None,
    voters: ForVoters | None = None,
    receivers: ForReceivers | None = None,
    records: ForRecords | None = None,
    signatures: ForSignatures | None = None,
    inviting: ForInviting | None = None,
    asking_back: ForAskingBack | None = None,
) -> list[BaseRoute]:
    """Routes to be put beside those of the API. They carry their security headers and the same-origin rule.

    ``hands_out`` makes the evidence of a case; without it evidence is only checked; ``wallets`` tells
    what contracts signed of it. ``voters`` answers the pages of
    those who approve besides; without it there are none. ``receivers`` likewise, to lead and to join; ``records``, of
    what is erased and held; ``signatures`` where votes are those of a wallet; ``inviting`` makes voters' links,
    ``asking_back`` asks back what was paid.
    """
    look = Look(
        given, leads=receivers is not None, keeps=records is not None, signs=signatures is not None,
        invites=inviting is not None, asks_back=asking_back is not None,
    )  # fmt: skip
    desk = console_pages.Console(given, look, random)
    found = [
        *tracker_page.routes(given, look),
        *election_page.ElectionPages(given, look, random).routes(),
        *desk.routes(),
        *evidence_page.EvidencePages(look, desk.sessions, hands_out, wallets).routes(),
    ]
    found += voter_page.VoterPages(given, voters, look, random).routes() if voters is not None else []
    found += receivers_page.ReceiverPages(receivers, look, desk.sessions, random).routes() if receivers else []
    found += records_page.RecordPages(records, look, desk.sessions, random).routes() if records else []
    found += inviting_page.InvitingPages(inviting, look, desk.sessions, random).routes() if inviting else []
    if asking_back is not None:
        found += asking_back_page.AskingBackPages(asking_back, look, desk.sessions, random).routes()
    if signatures is not None:
        found += signatures_page.SignaturePages(given, signatures, look, desk.sessions, random).routes()
    found.append(Route("/static/{path:path}", look.assets.serve, methods=["GET"], name="static"))
    for route in found:
        if isinstance(route, Route):
            route.app = SecurityHeaders(SameOrigin(route.app), https=given.origin.startswith("https:"))
    return found
