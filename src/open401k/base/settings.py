"""What the operator sets, read from the environment once, at a door. Not here: provisions (plan) and figures (law)."""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from open401k.kernel import Open401kError, Random

from .secrets import KEY_BYTES, MasterKeys


class Mode(StrEnum):
    """A sandbox explains itself and forgives; production refuses to serve with anything amiss."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, repr=False)
class ProviderKeys:
    """A registration with a payroll provider: OPEN401K_GUSTO_CLIENT_ID, OPEN401K_GUSTO_CLIENT_SECRET,
    OPEN401K_GUSTO_URL, OPEN401K_GUSTO_WEBHOOK_TOKEN; OPEN401K_FINCH_CLIENT_ID, OPEN401K_FINCH_CLIENT_SECRET,
    OPEN401K_FINCH_URL, OPEN401K_FINCH_WEBHOOK_TOKEN.
    """

    client_id: str
    client_secret: str
    url: str
    webhook_token: str


@dataclass(frozen=True, slots=True)
class NodeAt:
    """Where our custodian's node answers, and a token of it for systems."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything an operator may set; secrets are never printed.

    With both URLs the roles are the operator's. With ``database_url`` alone it belongs to a user who may create roles:
    see ``db.adopt``. With neither the embedded server is used.
    """

    mode: Mode
    data_dir: Path
    database_url: str | None
    owner_database_url: str | None
    key_file: Path
    key_is_given: bool
    origin: str | None
    """How browsers reach the server through what stands in front of it; without it, by host and port."""
    _environment: Mapping[str, str]

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``OPEN401K_*``; a value that cannot be meant is refused with what to write instead."""
        mode = environment.get("OPEN401K_MODE", Mode.SANDBOX)
        if mode not in set(Mode):
            raise Open401kError(f"OPEN401K_MODE is {mode!r}.", fix="Set it to sandbox or production.")
        url, owner = environment.get("OPEN401K_DATABASE_URL"), environment.get("OPEN401K_OWNER_DATABASE_URL")
        if owner and not url:
            raise Open401kError(
                "OPEN401K_OWNER_DATABASE_URL is set and OPEN401K_DATABASE_URL is not.",
                fix="Set both; or only OPEN401K_DATABASE_URL, as a user who may create the two roles.",
            )
        data_dir = _data_dir(environment)
        given = "OPEN401K_MASTER_KEY" in environment or "OPEN401K_MASTER_KEY_FILE" in environment
        key_file = Path(environment.get("OPEN401K_MASTER_KEY_FILE", data_dir / "master_key.json"))
        origin = _origin(environment.get("OPEN401K_ORIGIN", ""))
        return cls(Mode(mode), data_dir, url or None, owner or None, key_file, given, origin, dict(environment))

    def of_provider(self, provider: str) -> ProviderKeys | None:
        """How this installation is registered with a payroll provider; None where it is not."""
        name, found = f"OPEN401K_{provider.upper()}", self._environment
        client_id, secret = found.get(f"{name}_CLIENT_ID", ""), found.get(f"{name}_CLIENT_SECRET", "")
        if bool(client_id) is not bool(secret):
            raise Open401kError(f"Of {name}_CLIENT_ID and {name}_CLIENT_SECRET only one is set.", fix="Set both.")
        if not client_id:
            return None
        url = found.get(f"{name}_URL", "").rstrip("/")
        if url and self.production and not url.startswith("https://"):
            raise Open401kError(f"{name}_URL is not reached over TLS.", fix="Write https:// before it.")
        return ProviderKeys(client_id, secret, url, found.get(f"{name}_WEBHOOK_TOKEN", ""))

    @property
    def chain_database_url(self) -> str | None:
        """The database of a chain of the rails (OPEN401K_CHAIN_DATABASE_URL); without it an embedded one."""
        return self._environment.get("OPEN401K_CHAIN_DATABASE_URL") or None

    @property
    def node(self) -> NodeAt | None:
        """Our custodian's node: OPEN401K_NODE_URL and OPEN401K_NODE_TOKEN; None where there is none."""
        url = self._environment.get("OPEN401K_NODE_URL", "").rstrip("/")
        token = self._environment.get("OPEN401K_NODE_TOKEN", "")
        if bool(url) is not bool(token):
            raise Open401kError("Of OPEN401K_NODE_URL and OPEN401K_NODE_TOKEN only one is set.", fix="Set both.")
        parts = urlsplit(url)
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise Open401kError(f"OPEN401K_NODE_URL is {url!r}.", fix="Write http://localhost:4012, or https://host.")
        if url and self.production and parts.scheme != "https" and not here:
            raise Open401kError("OPEN401K_NODE_URL is not reached over TLS.", fix="Write https:// before it.")
        return NodeAt(url, token) if url else None

    @property
    def rails_clock(self) -> Path | None:
        """The file of a sandbox's clock that its chain and nodes share (OPEN401K_RAILS_CLOCK); never in production."""
        told = self._environment.get("OPEN401K_RAILS_CLOCK")
        if told and self.production:
            raise Open401kError("OPEN401K_RAILS_CLOCK is for trying; this is production.", fix="Take it out.")
        return Path(told) if told else None

    @property
    def production(self) -> bool:
        """Whether real people's money is meant."""
        return self.mode is Mode.PRODUCTION

    def master_keys(self, random: Random) -> MasterKeys:
        """From the environment, else from the key file, which a sandbox makes for itself at its first start."""
        if "OPEN401K_MASTER_KEY" in self._environment:
            return _from_environment(self._environment)
        if not self.key_file.exists():
            if self.production:
                raise Open401kError(
                    "No master key: without one nothing can be sealed, and a new one opens nothing that is stored.",
                    fix="Set OPEN401K_MASTER_KEY and OPEN401K_INDEX_KEY (openssl rand -base64 32), or the key file.",
                )
            _write(self.key_file, MasterKeys.generate(random))
        return _from_file(self.key_file)


def _origin(text: str) -> str | None:
    parts = urlsplit(text)
    if text and (
        parts.scheme not in ("http", "https") or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}"
    ):
        raise Open401kError(
            f"OPEN401K_ORIGIN is {text!r}.", fix="Write scheme and host only, such as https://plans.example.org."
        )
    return text or None


def _data_dir(environment: Mapping[str, str]) -> Path:
    if "OPEN401K_DATA_DIR" in environment:
        return Path(environment["OPEN401K_DATA_DIR"]).expanduser().absolute()
    here = Path.cwd() / ".open401k"
    if here.exists() or (Path.cwd() / "src" / "open401k").is_dir():  # a checkout keeps its data to itself
        return here
    base = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "open401k"


def _from_environment(environment: Mapping[str, str]) -> MasterKeys:
    previous = environment.get("OPEN401K_PREVIOUS_MASTER_KEYS", "")
    if "OPEN401K_INDEX_KEY" not in environment:
        raise Open401kError(
            "OPEN401K_MASTER_KEY is set, OPEN401K_INDEX_KEY is not; the second finds people by SSN and never changes.",
            fix="Generate it once (openssl rand -base64 32) and keep it for good.",
        )
    return MasterKeys(
        current=_key("OPEN401K_MASTER_KEY", environment["OPEN401K_MASTER_KEY"]),
        index=_key("OPEN401K_INDEX_KEY", environment["OPEN401K_INDEX_KEY"]),
        previous=tuple(_key("OPEN401K_PREVIOUS_MASTER_KEYS", part) for part in previous.split(",") if part),
    )


def _from_file(path: Path) -> MasterKeys:
    try:
        if path.stat().st_mode & 0o077:
            raise Open401kError(f"{path} can be read by others.", fix=f"chmod 600 {path}")
        found = json.loads(path.read_text())
        previous = tuple(_key(str(path), key) for key in found.get("previous", []))
        return MasterKeys(_key(str(path), found["current"]), _key(str(path), found["index"]), previous)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Open401kError(
            f"The key file {path} cannot be read: {error}.", fix="Restore it from its backup."
        ) from error


def _write(path: Path, keys: MasterKeys) -> None:
    """Written aside with its bytes on disk, then linked: of two first starts at once, both read one file."""
    aside = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            encoded = {
                "current": base64.b64encode(keys.current).decode(),
                "index": base64.b64encode(keys.index).decode(),
            }
            json.dump(encoded, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    except OSError as error:
        raise Open401kError(
            f"The key file {path} cannot be written: {error.strerror}.", fix="Choose another OPEN401K_DATA_DIR."
        ) from error


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Open401kError(
            f"{name} does not hold {KEY_BYTES} bytes in base64.", fix="Generate a key: openssl rand -base64 32"
        )
    return key
