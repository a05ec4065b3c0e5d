"""The ground every room stands on: database, audit trail, access, messages, steps, secrets. No 401(k) rule lives here.

The subjects are imported by name: ``from open401k.base import audit, heads`` and ``from open401k.base.db import Tx``.
"""
