"""Whole years of service of people, by elapsed time. Not here: the rule (law/elapsed_time.py)."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from open401k import census
from open401k.law import elapsed_time

from .contributions import Cents


def whole_years(employees: Sequence[census.Employee], on: date) -> Cents:
    """Years from the first hour on, severances of less than a year spanned, up to a day (Reg. 1.410(a)-7(c)(2))."""
    return np.array([_of_one(each, on) for each in employees], dtype=np.int64)


def _of_one(employee: census.Employee, on: date) -> int:
    begun = [span for span in employee.employment if span.hired_on <= on]
    if not begun:
        return 0
    stints = tuple(
        elapsed_time.Stint(span.hired_on, ended=span.terminated_on)
        if span.terminated_on is not None
        else elapsed_time.Stint(span.hired_on)
        for span in begun
    )
    return elapsed_time.elapsed_service(stints=stints, on=on).whole_years
