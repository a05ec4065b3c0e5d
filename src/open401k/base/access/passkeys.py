"""Passkeys (WebAuthn): registration and sign-in, user verification required. Not here: the browser's half.

A challenge is stored, lives five minutes and is used once, whether the answer to it was right or not.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from open401k.kernel import Refused, UserId

from ..db import Tx
from . import _store
from .roles import Denial
from .sessions import NewSession, Strength, begin_session
from .users import get_user

_CHALLENGE_LIVES = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for the passkey: the host name it belongs to and the origin its page is served from."""

    id: str
    name: str
    origin: str


def begin_registration(tx: Tx, *, party: RelyingParty, user_id: UserId, at: datetime) -> dict[str, Any]:
    """The options for ``navigator.credentials.create``, for a user who is signed in."""
    user = get_user(tx, user_id=user_id)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user_id.uuid.bytes,
        user_name=user.email,
        user_display_name=user.name,
        challenge=_challenge(tx, "register", user_id, at),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(row)) for row in _store.passkeys_of(tx, user_id)],
    )
    return dict(json.loads(options_to_json(options)))


def finish_registration(
    tx: Tx, *, party: RelyingParty, user_id: UserId, credential: dict[str, Any], label: str, at: datetime
) -> bytes | Refused[Denial]:
    """Keep the passkey that the browser made; its credential id, or why not."""
    challenge = _sent_challenge(credential)
    asked = _store.use_challenge(tx, challenge, "register", at) if challenge else None
    if challenge is None or asked is None or asked[0] != user_id.uuid:
        return _refused()
    try:
        checked = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return _refused()
    if not _store.add_passkey(
        tx, checked.credential_id, user_id, checked.credential_public_key, checked.sign_count, label, at
    ):
        return _refused()
    return checked.credential_id


def begin_authentication(tx: Tx, *, party: RelyingParty, at: datetime) -> dict[str, Any]:
    """The options for ``navigator.credentials.get``; they name no user, so they tell nobody who has an account."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=_challenge(tx, "authenticate", None, at),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(json.loads(options_to_json(options)))


def finish_authentication(
    tx: Tx, *, party: RelyingParty, credential: dict[str, Any], at: datetime
) -> NewSession | Refused[Denial]:
    """A session for the passkey's user; a counter that does not grow is a copied key and is refused."""
    challenge = _sent_challenge(credential)
    if challenge is None or _store.use_challenge(tx, challenge, "authenticate", at) is None:
        return _refused()
    try:
        known = _store.lock_passkey(tx, base64url_to_bytes(str(credential["id"])))
        if known is None:
            return _refused()
        credential_id, user_id, public_key, sign_count = known
        checked = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=bytes(public_key),
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return _refused()
    _store.note_passkey_use(tx, bytes(credential_id), checked.new_sign_count, at)
    return begin_session(tx, user_id=UserId(user_id), strength=Strength.PASSKEY, at=at)


def revoke_passkey(tx: Tx, *, user_id: UserId, credential_id: bytes, at: datetime) -> bool:
    """End a passkey of the user; false if there is none that still holds."""
    return _store.revoke_passkey(tx, user_id, credential_id, at)


def _challenge(tx: Tx, purpose: str, user_id: UserId | None, at: datetime) -> bytes:
    challenge = tx.keyring.random_bytes(32)
    _store.add_challenge(tx, challenge, purpose, user_id, at + _CHALLENGE_LIVES)
    return challenge


def _sent_challenge(credential: dict[str, Any]) -> bytes | None:
    try:
        client_data = json.loads(base64url_to_bytes(str(credential["response"]["clientDataJSON"])))
        return base64url_to_bytes(str(client_data["challenge"]))
    except (ValueError, KeyError, TypeError):
        return None


def _refused() -> Refused[Denial]:
    return Refused(Denial.NOT_SIGNED_IN, "This passkey was not accepted.", fix="Try again, or use another passkey.")
