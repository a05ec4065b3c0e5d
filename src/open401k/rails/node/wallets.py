"""Whether a wallet signed, asked of its chain: contracts (ERC-1271) and passkeys; and what owners of one sign.

Not here: what is signed, keys (signatures.py).
"""

from __future__ import annotations

from typing import Final

from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from ..calls import call_of
from ..chain.interface import At, Chain, RevertedError
from ..keys import is_precompile, signer_of
from ..messages import Domain
from ..signatures import is_signed_by
from .core import SilentError

_MAGIC: Final = bytes.fromhex("1626ba7e")
#: Where chains check P-256 (EIP-7951), and a signature that is good: hash, r, s, x, y (contracts/signatures.vy).
_P256: Final = bytes(18) + b"\x01\x00"
_GOOD: Final = (
    85395193359390097331427649253271248955035242364604558321311801377443744665269,
    112982474247286208904350431575299681595518928215741150835659661617263377295124,
    9562044059346071820650997793781318753772614633141816851456841596483494708084,
    39575329108373231928167676568616044758871199035945718229366611561319218541346,
    43666082463316681307334558960541060262200456665836558928652387273013452565725,
)
_SAFE_MESSAGE: Final = keccak(b"SafeMessage(bytes message)")
#: At least so long is a passkey's signature.
_OF_PASSKEY: Final = 276


def is_agreed_by(chain: Chain, who: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether this address, of a key, a passkey or a contract, signed this digest, by the newest final block."""
    return is_signed_by(who, digest, signature) or is_contracts(chain, who, digest, signature)


def is_contracts(chain: Chain, who: bytes, digest: bytes, signature: bytes, *, at: At = "final") -> bool:
    """Whether a contract says that it signed (ERC-1271), by the newest final block or by one of before.

    A precompile is none: the one at 0x04 repeats what it is asked, which reads as a yes.
    """
    if is_precompile(who):
        return False
    answer = _asked(chain, who, call_of("isValidSignature(bytes32,bytes)", digest, signature), at)
    return len(answer) >= 32 and answer[:4] == _MAGIC


def answers(chain: Chain, who: bytes, *, at: At = "final") -> bool:
    """Whether anything at this address takes the question whether it signed: a wallet says yes, or no, or refuses."""
    try:
        return bool(chain.call(who, call_of("isValidSignature(bytes32,bytes)", bytes(32), b""), at=at))
    except RevertedError:
        return True
    except Open401kError as why:
        raise SilentError(str(why)) from why


def checks_passkeys(chain: Chain) -> bool:
    """Whether the chain's contracts can check P-256."""
    said = b"".join(each.to_bytes(32, "big") for each in _GOOD)
    return int.from_bytes(_asked(chain, _P256, said), "big") == 1


def is_passkeys(who: bytes, signature: bytes) -> bool:
    """Whether it has the form of a passkey's, by the point that this address stands for."""
    return len(signature) >= _OF_PASSKEY and keccak(signature[:64])[12:] == who


def is_owner(chain: Chain, wallet: bytes, owner: bytes) -> bool:
    """Whether a wallet with several owners has this one; one that does not tell has none."""
    return int.from_bytes(_asked(chain, wallet, call_of("isOwner(address)", owner))[:32], "big") == 1


def owners_digest(chain: Chain, wallet: bytes, digest: bytes) -> bytes:
    """What each owner signs: of a Safe its own message over ours (CompatibilityFallbackHandler), else ours."""
    separator = safe_separator(chain, wallet)
    if separator is None:
        return digest
    return keccak(b"\x19\x01" + separator + keccak(_SAFE_MESSAGE + keccak(digest)))


def safe_separator(chain: Chain, wallet: bytes) -> bytes | None:
    """The domain of a Safe on this chain; None where the wallet is none."""
    expected = keccak(
        keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
        + chain.chain_id.to_bytes(32, "big")
        + wallet.rjust(32, b"\0")
    )
    found = _asked(chain, wallet, call_of("domainSeparator()"))
    return expected if found == expected else None


def signed_by_owner(owner: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether this key signed it, in the form that wallets take."""
    return signer_of(digest, signature) == owner and is_signed_by(owner, digest, signature)


def safe_typed(domain: Domain, wallet: bytes, digest: bytes) -> dict[str, object]:
    """What an owner of a Safe is shown (``eth_signTypedData_v4``): our digest is the message."""
    return {
        "types": {
            "EIP712Domain": [{"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}],
            "SafeMessage": [{"name": "message", "type": "bytes"}],
        },
        "primaryType": "SafeMessage",
        "domain": {"chainId": domain.chain_id, "verifyingContract": f"0x{wallet.hex()}"},
        "message": {"message": f"0x{digest.hex()}"},
    }


def _asked(chain: Chain, to: bytes, data: bytes, at: At = "final") -> bytes:
    """Nothing where it refuses, or nobody is there; :class:`SilentError` where the network does not answer."""
    try:
        return chain.call(to, data, at=at)
    except RevertedError:
        return b""
    except Open401kError as why:
        raise SilentError(str(why)) from why
