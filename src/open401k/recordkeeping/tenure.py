"""Whole years of service of people, by elapsed time. Not here: the rule (law/elapsed_time.py)."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from open401k import census
from open401k.law import elapsed_time

from .contributions import Cents


def whole_years(employees: Sequence[census.Employee], on: date, *, as_it_ends: bool = False) -> Cents:
    """Years from the first hour on, severances of less than a year spanned (Reg. 1.410(a)-7(c)(2)).

    As the day ``on`` begins, or ``as_it_ends``: at the end of December 31 who was hired on a January 1 has whole years.
    """
    return np.array([_of_one(each, on, on + timedelta(days=as_it_ends)) for each in employees], dtype=np.int64)


def _of_one(employee: census.Employee, on: date, up_to: date) -> int:
    begun = [span for span in employee.employment if span.hired_on <= on]
    if not begun:
        return 0
    stints = tuple(
        elapsed_time.Stint(span.hired_on, ended=span.terminated_on)
        if span.terminated_on is not None
        else elapsed_time.Stint(span.hired_on)
        for span in begun
    )
    return elapsed_time.elapsed_service(stints=stints, on=up_to).whole_years
