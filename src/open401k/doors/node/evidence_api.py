"""Evidence of a case for programs: the file as it is, in an answer of the API. Not here: what it holds."""

from __future__ import annotations

from open401k.rails.evidence.collecting import PLAIN
from open401k.rails.evidence.file import write
from open401k.rails.evidence.handing import NoCaseError, evidence_of
from open401k.rails.evidence.paid import paid_by_network
from open401k.rails.node.once import Answer
from open401k.rails.node.staff import Role

from ..problems import FORBIDDEN, ProblemError
from .access import Call, NoSuchCaseError, case_named


def evidence(call: Call) -> Answer:
    """What proves it, as a file in a text: letter by letter, or it does not hold. ``disclose``: labels, by commas."""
    labels = [each for each in call.query.get("disclose", "").split(",") if each]
    if labels and call.token.role is Role.SYSTEM:
        raise ProblemError(FORBIDDEN)  # what is a person's is handed out by people
    process = call.doors.process
    try:
        found = evidence_of(
            process.files, process.chain, coordinator=process.config.contracts.rollover, case=call.names["case"],
            labels=[*PLAIN, *labels],
        )  # fmt: skip
    except NoCaseError:
        raise NoSuchCaseError from None
    shown = [leaf.label for leaf in found.leaves]
    return Answer(200, {"case": call.names["case"], "disclosed": shown, "evidence": write(found)})


def paid(call: Call) -> Answer:
    """What the network paid when it was committed, by its final events: cents to each address, and what was withheld.

    Null until then, and of what a batch settled: that pays differences, and withholds nothing.
    """
    process = call.doors.process
    with process.files.begin() as unit:
        agreed = unit.case(case_named(unit, call)).agreed
    found = None
    if agreed is not None:
        found = paid_by_network(process.chain, coordinator=process.config.contracts.rollover, encoded=agreed.encoded)
    to = None if found is None else {who.hex(): cents for who, cents in sorted(found.to.items())}
    told = {"block": found and found.block, "to": to, "withheld_cents": None if found is None else found.withheld_cents}
    return Answer(200, {"case": call.names["case"]} | told)
