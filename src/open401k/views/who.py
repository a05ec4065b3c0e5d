"""Who recorded or decided something, as a page names them. Not here: who may (base/access)."""

from collections.abc import Iterable, Mapping

from open401k.base import access
from open401k.base.db import Tx
from open401k.kernel import UserId

_KINDS = {"api_key": "an API key", "system": "Open401k"}
#: What acted where no person did, by the name under which it is on file.
_BY_ITSELF = {
    "cli": "a command at the terminal",
    "daily": "Open401k, at the start of a day",
    "door": "Open401k, at sign-in",
    "node": "the custodian's node",
    "resumer": "Open401k, carrying on what was begun",
    "sandbox": "the demo's script",
    "webhook": "Open401k, told by a payroll provider",
    "webhooks": "Open401k, telling others",
}


def names(tx: Tx, recorded_by: Iterable[str]) -> Mapping[str, str]:
    """The name of each that is on file as ``user:usr_...``, ``api_key:key_...``, ``system:daily`` or without its kind.

    What has no name stays as it is.
    """
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
    if kind == "system" and rest in _BY_ITSELF:
        return _BY_ITSELF[rest]
    if not colon:
        return _BY_ITSELF.get(text, text)
    return f"{_KINDS[kind]} ({rest})" if kind in _KINDS else rest
