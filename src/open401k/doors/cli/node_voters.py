"""Commands about who else approves a rollover: a spouse, an administrator, a depository. Not here: what they sign."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from .node_desk import CONFIG, CaseId, Config, _done, _office
from .say import BadInputError, Voice
from .wiring import Json

commands = typer.Typer()
_ROLES = ("spouse", "administrator", "depository")


@commands.command("voters")
def voters(context: typer.Context, case: CaseId, config: Config = CONFIG, json: Json = False) -> None:
    """Who approves a case besides the custodians: by which address, whether they did, until when."""
    from open401k.rails.node.ballots import ballot_of
    from open401k.rails.node.voting import asked, who_of

    with _office(context, config) as office:
        deal, desk = _done(office, lambda unit, desk: (unit.deal(case), desk))
    found = []
    for role in asked(deal):
        ballot, who = ballot_of(deal.voters, role), who_of(deal, desk, role)
        found.append(
            {"role": role.name.lower(), "who": who.hex() if who else None,
             "voted_at": ballot.voted_at if ballot else None, "until": deal.terms.deadline if deal.terms else None}
        )  # fmt: skip
    voice = Voice(json)
    voice.tell({"voters": found})
    rows = [
        (str(each["role"]), f"0x{each['who']}" if each["who"] else "not named yet",
         _moment(each["voted_at"], "no"), _moment(each["until"], "exact terms are not made yet"))
        for each in found
    ]  # fmt: skip
    voice.table(("Role", "Address", "Agreed", "Until"), rows, empty="Nobody besides the custodians.")


@commands.command("voter-link")
def voter_link(
    context: typer.Context,
    case: CaseId,
    role: Annotated[str, typer.Argument(help="spouse, administrator or depository.")],
    days: Annotated[int, typer.Option(min=1, max=180, help="How long it holds.")] = 30,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Make a link by which they read the exact terms, sign, or refuse; it is shown once. The payer's node invites."""
    from open401k.rails.messages import Role
    from open401k.rails.node.staff import voter_link_for
    from open401k.rails.node.voting import is_asked

    if role not in _ROLES:
        raise BadInputError(f"{role!r} is no voter.", fix=f"Write one of: {', '.join(_ROLES)}.")
    named = Role[role.upper()]
    with _office(context, config) as office:
        process = office.process
        _done(office, lambda unit, _: is_asked(unit.deal(case), named))
        with process.files.begin() as unit:
            key = f"command|{process.around.random.token(16).hex()}"
            secret = voter_link_for(unit, case, named, key, days=days, at=process.around.seconds())
        url = f"{process.config.shown_at}/v/{secret}"
    voice = Voice(json)
    voice.tell({"case": case, "role": role, "url": url})
    voice.line(f"{url}\nHand it to them and to nobody else; it holds for {days} days.")


@commands.command("voter-links-end")
def voter_links_end(
    context: typer.Context,
    case: CaseId,
    role: Annotated[str, typer.Argument(help="spouse, administrator or depository.")],
    by: Annotated[str, typer.Option(help="Who ends them: a desk.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """End every link of a voter that holds, at once: one went to somebody else. A new one is made by voter-link."""
    from open401k.rails.messages import Role
    from open401k.rails.node.staff import end_voter_links
    from open401k.rails.node.voting import NAMES

    if role not in _ROLES:
        raise BadInputError(f"{role!r} is no voter.", fix=f"Write one of: {', '.join(_ROLES)}.")
    if not by.strip():
        raise BadInputError("Who ends them is empty.", fix="Write the desk.")
    named = Role[role.upper()]
    with _office(context, config) as office:
        process = office.process
        _done(office, lambda unit, _: unit.deal(case))
        with process.files.begin() as unit:
            count = end_voter_links(unit, case, named, at=process.around.seconds())
            if count:
                unit.put_event(case, f"{by.strip()} ended the links of {NAMES[named]}")
    voice = Voice(json)
    voice.tell({"case": case, "role": role, "ended": count})
    voice.line(f"{count} {'link' if count == 1 else 'links'} of the {role} ended.")


def _moment(at: object, otherwise: str) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if isinstance(at, int) else otherwise
