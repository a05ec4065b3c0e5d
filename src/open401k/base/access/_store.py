"""The SQL of access: users, memberships, sessions, links, passkeys, challenges, API keys. Hashes, never a secret."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from open401k.kernel import ApiKeyId, SessionId, SponsorId, UserId

from ..db import Tx

Row = tuple[Any, ...]


def user_by_email(tx: Tx, email: str) -> Row | None:
    """Id, address and name."""
    return tx.maybe("select user_id, email, name from base.app_user where email = %s", [email])


def existing_user_by_email(tx: Tx, email: str) -> Row:
    """Id, address and name of a user who must exist."""
    return tx.one("select user_id, email, name from base.app_user where email = %s", [email])


def user(tx: Tx, user_id: UserId) -> Row:
    """Id, address and name of a user who must exist."""
    return tx.one("select user_id, email, name from base.app_user where user_id = %s", [user_id])


def names(tx: Tx, user_ids: Sequence[UserId]) -> list[Row]:
    """Id and name of each."""
    return tx.rows(
        "select user_id, name from base.app_user where user_id = any(%s::uuid[])", [[each.uuid for each in user_ids]]
    )


def add_user(tx: Tx, user_id: UserId, email: str, name: str) -> None:
    """Add a user unless the address is taken."""
    tx.run(
        """
        insert into base.app_user (user_id, email, name, created_at)
        values (%s, %s, %s, %s)
        on conflict (email) do nothing
        """,
        [user_id, email, name, tx.now],
    )


def add_membership(
    tx: Tx, tenant_id: SponsorId, user_id: UserId, role: str, effective_at: datetime, *, granted: bool
) -> None:
    """Append a point; of two for the same instant the later change holds. The caller holds the tenant's head."""
    tx.run(
        """
        insert into base.membership
            (tenant_id, user_id, role, change_no, effective_at, recorded_at, granted, recorded_by)
        select
            %(tenant)s, %(user)s, %(role)s, coalesce(max(change_no), 0) + 1, %(effective)s, %(now)s, %(granted)s, %(by)s
        from base.membership
        where tenant_id = %(tenant)s and user_id = %(user)s and role = %(role)s
        """,
        {
            "tenant": tenant_id,
            "user": user_id,
            "role": role,
            "effective": effective_at,
            "now": tx.now,
            "granted": granted,
            "by": tx.actor.id,
        },
    )


def memberships(tx: Tx, user_id: UserId, at: datetime) -> list[Row]:
    """Tenant and role of what holds at an instant."""
    return tx.rows(
        """
        select tenant_id, role
        from (
            select distinct on (tenant_id, role) tenant_id, role, granted
            from base.membership
            where user_id = %s and effective_at <= %s
            order by tenant_id, role, effective_at desc, change_no desc
        ) as newest
        where granted
        """,
        [user_id, at],
    )


def add_operator(tx: Tx, user_id: UserId, effective_at: datetime, *, granted: bool) -> None:
    """Append a point; of two for the same instant the later change holds."""
    tx.run(
        """
        insert into base.operator (user_id, change_no, effective_at, recorded_at, granted)
        select %(user)s, coalesce(max(change_no), 0) + 1, %(effective)s, %(now)s, %(granted)s
        from base.operator
        where user_id = %(user)s
        """,
        {"user": user_id, "effective": effective_at, "now": tx.now, "granted": granted},
    )


def is_operator(tx: Tx, user_id: UserId, at: datetime) -> bool:
    """Whether the newest point says so."""
    row = tx.maybe(
        """
        select granted
        from base.operator
        where user_id = %s and effective_at <= %s
        order by effective_at desc, change_no desc
        limit 1
        """,
        [user_id, at],
    )
    return row is not None and bool(row[0])


def add_session(
    tx: Tx,
    session_id: SessionId,
    user_id: UserId,
    token_hash: bytes,
    strength: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Begin a session."""
    tx.run(
        """
        insert into base.session (session_id, user_id, token_hash, strength, created_at, used_at, expires_at)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [session_id, user_id, token_hash, strength, at, at, expires_at],
    )


def session(tx: Tx, token_hash: bytes) -> Row | None:
    """Everything that decides whether it holds."""
    return tx.maybe(
        """
        select session_id, user_id, strength, used_at, expires_at, ended_at
        from base.session
        where token_hash = %s
        """,
        [token_hash],
    )


def note_session_use(tx: Tx, session_id: UUID, at: datetime) -> None:
    """Used just now."""
    tx.run("update base.session set used_at = %s where session_id = %s and used_at < %s", [at, session_id, at])


def replace_session_token(tx: Tx, session_id: SessionId, token_hash: bytes) -> None:
    """The same session under another token."""
    tx.run("update base.session set token_hash = %s where session_id = %s", [token_hash, session_id])


def end_session(tx: Tx, session_id: SessionId, at: datetime) -> None:
    """It no longer holds."""
    tx.run("update base.session set ended_at = %s where session_id = %s and ended_at is null", [at, session_id])


def end_sessions_of(tx: Tx, user_id: UserId, at: datetime) -> int:
    """None of the user's holds any more."""
    return tx.run("update base.session set ended_at = %s where user_id = %s and ended_at is null", [at, user_id])


def add_link(tx: Tx, token_hash: bytes, user_id: UserId, at: datetime, expires_at: datetime) -> None:
    """Keep a link's hash."""
    tx.run(
        """
        insert into base.sign_in_link (token_hash, user_id, created_at, expires_at)
        values (%s, %s, %s, %s)
        """,
        [token_hash, user_id, at, expires_at],
    )


def use_link(tx: Tx, token_hash: bytes, at: datetime) -> UUID | None:
    """The user, if the link was unused and in time; one statement, so of two who try one succeeds."""
    row = tx.maybe(
        """
        update base.sign_in_link
        set used_at = %s
        where token_hash = %s and used_at is null and expires_at > %s
        returning user_id
        """,
        [at, token_hash, at],
    )
    return row[0] if row else None


def add_challenge(tx: Tx, challenge: bytes, purpose: str, user_id: UserId | None, expires_at: datetime) -> None:
    """Keep a challenge until it is answered."""
    tx.run(
        "insert into base.challenge (challenge, purpose, user_id, expires_at) values (%s, %s, %s, %s)",
        [challenge, purpose, user_id, expires_at],
    )


def use_challenge(tx: Tx, challenge: bytes, purpose: str, at: datetime) -> Row | None:
    """For whom it was made, if it was unused and in time."""
    return tx.maybe(
        """
        update base.challenge
        set used_at = %s
        where challenge = %s and purpose = %s and used_at is null and expires_at > %s
        returning user_id
        """,
        [at, challenge, purpose, at],
    )


def prune_challenges(tx: Tx, at: datetime) -> int:
    """Delete those that nobody can answer any more."""
    return tx.run("delete from base.challenge where used_at is not null or expires_at <= %s", [at])


def prune_links(tx: Tx, at: datetime) -> int:
    """Delete those that let nobody in any more."""
    return tx.run("delete from base.sign_in_link where used_at is not null or expires_at <= %s", [at])


def prune_sessions(tx: Tx, before: datetime) -> int:
    """Delete those that could not be used later than an instant, however they ended."""
    return tx.run("delete from base.session where expires_at <= %s", [before])


def add_passkey(
    tx: Tx, credential_id: bytes, user_id: UserId, public_key: bytes, sign_count: int, label: str, at: datetime
) -> bool:
    """Keep a passkey; false if its id is known already."""
    return bool(
        tx.run(
            """
            insert into base.passkey (credential_id, user_id, public_key, sign_count, label, created_at)
            values (%s, %s, %s, %s, %s, %s)
            on conflict do nothing
            """,
            [credential_id, user_id, public_key, sign_count, label, at],
        )
    )


def passkeys_of(tx: Tx, user_id: UserId) -> list[bytes]:
    """The ids of the user's passkeys that hold."""
    rows = tx.rows("select credential_id from base.passkey where user_id = %s and revoked_at is null", [user_id])
    return [row[0] for row in rows]


def lock_passkey(tx: Tx, credential_id: bytes) -> Row | None:
    """The passkey, locked so that two sign-ins at once cannot show the same counter."""
    return tx.maybe(
        """
        select credential_id, user_id, public_key, sign_count
        from base.passkey
        where credential_id = %s and revoked_at is null
        for no key update
        """,
        [credential_id],
    )


def note_passkey_use(tx: Tx, credential_id: bytes, sign_count: int, at: datetime) -> None:
    """Its counter moved."""
    tx.run(
        "update base.passkey set sign_count = %s, used_at = %s where credential_id = %s",
        [sign_count, at, credential_id],
    )


def revoke_passkey(tx: Tx, user_id: UserId, credential_id: bytes, at: datetime) -> bool:
    """End it."""
    changed = tx.run(
        "update base.passkey set revoked_at = %s where credential_id = %s and user_id = %s and revoked_at is null",
        [at, credential_id, user_id],
    )
    return changed == 1


def add_key(
    tx: Tx,
    tenant_id: SponsorId,
    key_id: ApiKeyId,
    secret_hash: bytes,
    prefix: str,
    label: str,
    scopes: Sequence[str],
    at: datetime,
    expires_at: datetime,
) -> None:
    """Keep a key's hash."""
    tx.run(
        """
        insert into base.api_key (tenant_id, key_id, secret_hash, prefix, label, scopes, created_at, expires_at)
        values (%s, %s, %s, %s, %s, %s::text[], %s, %s)
        """,
        [tenant_id, key_id, secret_hash, prefix, label, [str(scope) for scope in scopes], at, expires_at],
    )


def key_by_hash(tx: Tx, secret_hash: bytes) -> Row | None:
    """Everything that decides whether it holds, and for what."""
    return tx.maybe(
        """
        select tenant_id, key_id, prefix, label, scopes, expires_at, revoked_at
        from base.api_key
        where secret_hash = %s
        """,
        [secret_hash],
    )


def keys(tx: Tx, tenant_id: SponsorId) -> list[Row]:
    """The sponsor's keys, newest first."""
    return tx.rows(
        """
        select key_id, prefix, label, scopes, created_at, expires_at, revoked_at
        from base.api_key
        where tenant_id = %s
        order by created_at desc, key_id desc
        """,
        [tenant_id],
    )


def revoke_key(tx: Tx, tenant_id: SponsorId, key_id: ApiKeyId, at: datetime) -> bool:
    """End it."""
    changed = tx.run(
        "update base.api_key set revoked_at = %s where tenant_id = %s and key_id = %s and revoked_at is null",
        [at, tenant_id, key_id],
    )
    return changed == 1
