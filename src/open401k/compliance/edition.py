"""Which edition of law and engine said something: what may be expected to come out the same to the letter."""

import hashlib
from functools import cache
from importlib import resources

from open401k import law

#: The packages whose code decides what tests and projections say.
_ENGINE = ("open401k.law", "open401k.compliance")


@cache
def edition() -> str:
    """The law's version, and a hash of its figures and of the code that tests and projects: ``2026.1+3f9c0a1b2d4e``.

    Another edition may word or work something out differently; figures under the same law stay the same.
    """
    digest = hashlib.sha256(law.sha256().encode())
    for package in _ENGINE:
        for file in sorted(resources.files(package).iterdir(), key=lambda each: each.name):
            if file.name.endswith(".py"):
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{law.version()}+{digest.hexdigest()[:12]}"
