"""Who recorded or decided something, as a page names them. Not here: who may (base/access)."""

from collections.abc import Iterable, Mapping

from open401k.base import access
from open401k.base.db import Tx
from open401k.kernel import UserId

_KINDS = {"api_key": "an API key", "system": "Open401k"}


def names(tx: Tx, recorded_by: Iterable[str]) -> Mapping[str, str]:
    """The name of each that is on file as ``user:usr_...`` or ``api_key:key_...``; what has no name stays as it is."""
    told = set(recorded_by)
    users = {each: user for each in told if (user := _user(each)) is not None}
    known = access.names_of(tx, user_ids=sorted(set(users.values())))
    return {each: known.get(users[each], each) if each in users else _kind(each) for each in told}


def _user(text: str) -> UserId | None:
    try:
        return UserId.parse(text.rpartition(":")[2])
    except ValueError:
        return None


def _kind(text: str) -> str:
    kind, colon, rest = text.partition(":")
    if not colon:
        return text
    return f"{_KINDS[kind]} ({rest})" if kind in _KINDS else rest
