"""Whether a server of the operator's own answers, told by its setting. Not here: what is looked at then (selfcheck)."""

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from open401k.kernel import Open401kError

_SECONDS: Final = "10"


def reach(url: str, *, setting: str) -> str:
    """The role that ``url`` connects as; else why there is no connection, never with a password."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error:  # what it says quotes the text, password included
        raise Open401kError(
            f"{setting} is no address of a database.",
            fix="Write postgresql://role:password@host:5432/database; other characters of a password as %40 and so on.",
        ) from None
    try:
        with psycopg.connect(url, connect_timeout=known.get("connect_timeout", _SECONDS)) as conn:
            return conn.info.user
    except psycopg.Error as error:
        raise Open401kError(f"The database of {setting} cannot be used: {error}", fix=_fix(str(error))) from error


def _fix(said: str) -> str:
    if "root certificate" in said or "certificate verify failed" in said:
        return (
            "Add &sslrootcert= to the address: the file of the authority that signed the server's certificate, "
            "or system for those that this machine trusts."
        )
    if "password authentication" in said:
        return "Correct the password, or set it: alter role ... password '...'"
    return "Start the server, or correct host, port, role and database: open401k doctor tries again."
