"""Where a webhook may go: addresses on the public network, over TLS. Pure; not here: resolving names (sending.py).

Whoever may register an endpoint has us send requests from inside our own network: without this wall it would reach
what only that network may.
"""

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from open401k.kernel import Open401kError

_LONGEST = 500
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def checked(url: str, *, development: bool) -> str:
    """The address as given, if it may be used; in development ``http://`` to this very machine, too."""
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise _refused("is no address") from None
    host = parts.hostname or ""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST or not host or port == 0:
        raise _refused("is no address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("has a name, a password or a fragment in it")
    here = _is_here(host)
    if parts.scheme != "https" and not (development and parts.scheme == "http" and here):
        raise _refused("is not reached over TLS")
    given = _literal(host)
    if (here and not development) or (given is not None and not may_reach(given, development=development)):
        raise _refused("is not on the public network")
    return url


def may_reach(address: IPv4Address | IPv6Address, *, development: bool) -> bool:
    """Whether a webhook may be sent there: what wraps another address is judged by that one."""
    inner = _inside(address)
    if inner.is_multicast or inner.is_link_local or inner.is_unspecified:  # link-local: where clouds keep credentials
        return False
    return inner.is_global or (development and (inner.is_loopback or inner.is_private))


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address


def _is_here(host: str) -> bool:
    given = _literal(host)
    return given.is_loopback if given else host == "localhost" or host.endswith(".localhost")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refused(why: str) -> Open401kError:
    return Open401kError(f"The address of the endpoint {why}.", fix="Write a public one: https://example.com/webhooks")
