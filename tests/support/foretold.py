"""Forecasts of the same facts, made once in a test process. Not here: whether they are right (tests/rooms/compliance).

A forecast is a pure function of the facts that knows no ids, and the dearest step of a story: every posting makes one
and every verification makes it again. The stories of one plan are told hundreds of times.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import pytest

from open401k.compliance import PlanFacts, forecasts
from open401k.compliance.cures import cures
from open401k.compliance.projection import project, scenarios_for
from open401k.compliance.results import Cure, Projection

_projections: dict[Any, Projection] = {}
_cures: dict[Any, Sequence[Cure]] = {}
#: As many year-ends as a story needs that is not about what they foretell; a plan of a dozen people has 10,000.
A_STORY = 1_000
#: They name the plan and its people, and no forecast reads them.
_IDS = {"tenant_id", "plan_id", "employee_ids"}


@contextmanager
def once(*, most: int | None = None) -> Iterator[None]:
    """Whoever asks for the forecast of facts that were forecast before gets that answer, with its own plan's name.

    ``most``: no more year-ends than these, of plans large or small.
    """

    def project_once(facts: PlanFacts, **how: Any) -> Projection:
        if most is not None:
            how["scenarios"] = min(most, how.get("scenarios") or scenarios_for(len(facts)))
        key = _key(facts), _key(how)
        if key not in _projections:
            _projections[key] = project(facts, **how)
        return replace(_projections[key], plan_id=facts.plan_id)

    def cures_once(facts: PlanFacts, **how: Any) -> list[Cure]:
        key = _key(facts), _key(how)
        if key not in _cures:
            _cures[key] = tuple(cures(facts, **how))
        return list(_cures[key])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(forecasts, "project", project_once)
        patched.setattr(forecasts, "cures", cures_once)
        yield


def _key(value: Any) -> Any:
    """All that a value says, as something that is equal only where everything is."""
    match value:
        case np.ndarray():
            return str(value.dtype), value.shape, value.tobytes()
        case Enum():
            return type(value).__name__, value.name
        case dict():
            return tuple((name, _key(each)) for name, each in value.items())
        case tuple() | list():
            return tuple(map(_key, value))
        case _ if is_dataclass(value):
            said = ((each.name, getattr(value, each.name)) for each in fields(value) if each.name not in _IDS)
            return type(value).__name__, *((name, _key(each)) for name, each in said)
        case _:
            return type(value).__name__, repr(value)
