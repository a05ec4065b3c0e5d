"""Who may come in and what they may do. Deny by default: every route asks :func:`authorize`."""

from .keys import ApiKey, NewKey, create_key, list_keys, principal_of_key, revoke_key
from .participant_links import LONGEST_DAYS, Participant, make_participant_link, participant_of
from .passkeys import (
    RelyingParty,
    begin_authentication,
    begin_registration,
    finish_authentication,
    finish_registration,
    revoke_passkey,
)
from .roles import ALLOWED, Denial, Permission, Principal, Role, authorize, permissions
from .sessions import (
    NewSession,
    Session,
    Strength,
    begin_session,
    create_link,
    end_all_sessions,
    end_session,
    redeem_link,
    rotate_session,
    session_of,
)
from .spent import SESSIONS_KEPT, prune
from .users import User, add_user, find_user, get_user, grant, names_of, principal_of, revoke, set_operator

__all__ = [
    "ALLOWED",
    "LONGEST_DAYS",
    "SESSIONS_KEPT",
    "ApiKey",
    "Denial",
    "NewKey",
    "NewSession",
    "Participant",
    "Permission",
    "Principal",
    "RelyingParty",
    "Role",
    "Session",
    "Strength",
    "User",
    "add_user",
    "authorize",
    "begin_authentication",
    "begin_registration",
    "begin_session",
    "create_key",
    "create_link",
    "end_all_sessions",
    "end_session",
    "find_user",
    "finish_authentication",
    "finish_registration",
    "get_user",
    "grant",
    "list_keys",
    "make_participant_link",
    "names_of",
    "participant_of",
    "permissions",
    "principal_of",
    "principal_of_key",
    "prune",
    "redeem_link",
    "revoke",
    "revoke_key",
    "revoke_passkey",
    "rotate_session",
    "session_of",
    "set_operator",
]
