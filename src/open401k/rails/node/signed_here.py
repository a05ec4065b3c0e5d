"""A participant's signature that came to us as the receiver, with our attestor's word for the key. Not here: pages."""

from __future__ import annotations

from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from ..messages import Attestation
from . import deals
from .asking_first import first
from .codec import written
from .deal import Deal, DealUnit
from .elections import attested_by
from .judging import NotNowError
from .office import Office
from .process import KeyInUse


def attest_and_elect(unit: DealUnit, office: Office, case: str, signature: bytes) -> Deal:
    """Take the signature of ``election_of``; once it is signed, another signature is nothing new.

    The evidence on chain is a hash of what proved the person, under the node's salt and this case's reference.
    """
    process, desk = office.process, office.desk
    attestor = process.config.attestor
    if attestor is None:
        raise Open401kError("This node attests nobody.", fix="Name its attestor in node.toml, or bring an attestation.")
    deal = unit.deal(case)
    if deal.elected is not None:
        return deal
    if deal.receiving is None or deal.receiving.proof is None or deal.election is None:
        raise NotNowError(f"case {case} has no election that was shown, or nobody proved who the person is")
    proof = deal.receiving.proof
    participant, reference = deal.election.participant, deal.reference

    def attested_to() -> tuple[Attestation, bytes]:
        return attested_by(
            KeyInUse(process.asked, process.hands, attestor)(), attestor=attestor, participant=participant,
            proof=proof, evidence=keccak(process.vault.salt() + reference + written(proof)), domain=process.domain,
        )  # fmt: skip

    attestation, attested = first(("attested", reference, participant, proof), attested_to)
    return deals.elect(unit, desk, case, signature=signature, attestation=attestation, attested=attested)
