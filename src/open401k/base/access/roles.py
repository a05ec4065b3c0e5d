"""Roles, what each may do, and the one decision every route passes. Pure; not here: proving who somebody is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from open401k.kernel import ApiKeyId, Refused, SponsorId, UserId

from ..db import ALL_TENANTS, Actor, AllTenants


class Role(StrEnum):
    """What a user is to a sponsor; ``operations`` is what somebody is to all of them."""

    OPERATIONS = "operations"
    ADVISOR = "advisor"
    SPONSOR = "sponsor"
    PARTICIPANT = "participant"
    AUDITOR = "auditor"
    CUSTODIAN = "custodian"
    PAYROLL_PROVIDER = "payroll_provider"


class Permission(StrEnum):
    """What can be allowed; also the scopes of an API key."""

    PLAN_VIEW = "plan.view"
    PLAN_CHANGE = "plan.change"
    CENSUS_VIEW = "census.view"
    CENSUS_CHANGE = "census.change"
    PAYROLL_VIEW = "payroll.view"
    PAYROLL_SUBMIT = "payroll.submit"
    LEDGER_VIEW = "ledger.view"
    COMPLIANCE_VIEW = "compliance.view"
    COMPLIANCE_RUN = "compliance.run"
    ALERT_VIEW = "alert.view"
    ALERT_DECIDE = "alert.decide"
    EVENT_VIEW = "event.view"
    AUDIT_VIEW = "audit.view"
    ACCESS_MANAGE = "access.manage"
    OWN_ACCOUNT_VIEW = "own_account.view"
    CLOCK_MOVE = "clock.move"
    SPONSOR_ADD = "sponsor.add"
    OPERATIONS_VIEW = "operations.view"


_P = Permission
_READ = frozenset(
    {
        _P.PLAN_VIEW,
        _P.CENSUS_VIEW,
        _P.PAYROLL_VIEW,
        _P.LEDGER_VIEW,
        _P.COMPLIANCE_VIEW,
        _P.ALERT_VIEW,
        _P.EVENT_VIEW,
    }
)

#: Deny by default: what is not listed is refused.
ALLOWED: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.OPERATIONS: frozenset(Permission) - {_P.OWN_ACCOUNT_VIEW},
        Role.ADVISOR: _READ,
        Role.SPONSOR: _READ
        | {
            _P.PLAN_CHANGE,
            _P.CENSUS_CHANGE,
            _P.PAYROLL_SUBMIT,
            _P.COMPLIANCE_RUN,
            _P.ALERT_DECIDE,
            _P.AUDIT_VIEW,
            _P.ACCESS_MANAGE,
        },
        Role.PARTICIPANT: frozenset({_P.OWN_ACCOUNT_VIEW}),
        Role.AUDITOR: _READ | {_P.AUDIT_VIEW},
        Role.CUSTODIAN: frozenset({_P.LEDGER_VIEW, _P.EVENT_VIEW}),
        Role.PAYROLL_PROVIDER: frozenset({_P.PAYROLL_SUBMIT, _P.PAYROLL_VIEW, _P.EVENT_VIEW}),
    }
)


class Denial(StrEnum):
    """Why somebody was not let in, or not let do it."""

    NOT_SIGNED_IN = "not_signed_in"
    EXPIRED = "expired"
    NOT_ALLOWED = "not_allowed"
    OTHER_TENANT = "other_tenant"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, and all they are. Built anew for every request: what is taken away is gone at once."""

    id: UserId | ApiKeyId
    name: str
    roles: Mapping[SponsorId, frozenset[Role]] = field(default_factory=dict)
    operations: bool = False
    scopes: frozenset[Permission] | None = None  # an API key's; a user has roles
    key_tenant: SponsorId | None = None

    @property
    def tenants(self) -> tuple[SponsorId, ...] | AllTenants:
        """What to begin a transaction with: no more than this is ever in sight."""
        if self.operations:
            return ALL_TENANTS
        return (self.key_tenant,) if self.key_tenant else tuple(self.roles)

    def actor(self, why: str) -> Actor:
        """As the audit trail names them."""
        return Actor(kind="api_key" if isinstance(self.id, ApiKeyId) else "user", id=str(self.id), why=why)


def permissions(principal: Principal, tenant: SponsorId | None) -> frozenset[Permission]:
    """All that the principal may do for ``tenant`` (``None``: beyond any one sponsor)."""
    if principal.scopes is not None:
        return principal.scopes if tenant is not None and tenant == principal.key_tenant else frozenset()
    granted: set[Permission] = set(ALLOWED[Role.OPERATIONS]) if principal.operations else set()
    for role in principal.roles.get(tenant, frozenset()) if tenant is not None else ():
        granted |= ALLOWED[role]
    return frozenset(granted)


def authorize(principal: Principal, permission: Permission, tenant: SponsorId | None) -> Refused[Denial] | None:
    """``None`` if allowed, else why not. The first wall, passed by every route; row security is the second.

    A sponsor the principal has nothing to do with is refused in the same words whether it exists or not.
    """
    if permission in permissions(principal, tenant):
        return None
    if tenant is not None and tenant not in principal.roles and tenant != principal.key_tenant:
        return Refused(
            Denial.OTHER_TENANT, f"{principal.name} has no access to {tenant}.", fix="Ask its sponsor for access."
        )
    return Refused(
        Denial.NOT_ALLOWED,
        f"{principal.name} may not do this; it needs the permission {permission.value}.",
        fix="Ask the sponsor for a role, or for a key, that includes it.",
        detail={"permission": permission.value},
    )
