"""A whole rollover by two APIs, and its evidence from both, joined: it proves all but who the person is."""

from __future__ import annotations

from tests.doors.node.test_api import Both, Side, _receiving, both  # noqa: F401 (a fixture)
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS
from tests.rails.node.halves import releasing

from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import joined, read_file, write
from open401k.rails.evidence.findings import Status
from open401k.rails.node.codec import told
from open401k.rails.node.staff import Role


def moved(both: Both) -> tuple[str, str]:  # noqa: F811
    """The case at the source, and at the receiver."""
    source, receiver = both.source, both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = receiver("POST", "/v1/rollovers", body, role=Role.SYSTEM).json()["case"]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)))
    both.carry()
    digest = bytes.fromhex(receiver("GET", f"/v1/rollovers/{case}/election").json()["digest"])
    receiver("POST", f"/v1/rollovers/{case}/election", {"signature": PARTICIPANT.sign(digest).hex()})
    both.carry()
    early = source("GET", f"/v1/rollovers/{theirs}/evidence")
    assert (early.status_code, early.json()["code"]) == (422, "not_possible")
    source("POST", f"/v1/rollovers/{theirs}/ready", {})
    both.carry()
    for _ in range(4):
        for side in (source, receiver):
            side.doors.process.node.run_once()
    return theirs, case


def test_evidence_of_both_sides_proves_a_whole_rollover(both: Both) -> None:  # noqa: F811
    def read(side: Side, case: str, role: Role, disclose: str = "") -> str:
        answer = side("GET", f"/v1/rollovers/{case}/evidence{disclose}", role=role)
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["evidence"]
        return text

    theirs, case = moved(both)
    mine = read(both.receiver, case, Role.SYSTEM)
    other = read(both.source, theirs, Role.AUDITOR, "?disclose=participant.born_on")
    assert "participant.born_on" in other
    assert "participant.born_on" not in mine
    report = check(write(joined(read_file(mine), read_file(other))))
    failures = [each.said for each in report.findings if each.status is Status.FAILED]
    assert failures == []
    assert [each.about for each in report.findings if each.status is Status.MISSING] == ["head"]
    refused = both.source("GET", f"/v1/rollovers/{theirs}/evidence?disclose=tax.*", role=Role.SYSTEM)
    assert refused.status_code == 403
    unknown = both.source("GET", f"/v1/rollovers/{theirs}/evidence?disclose=participant.shoes", role=Role.AUDITOR)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "not_possible")
