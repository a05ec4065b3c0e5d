"""Any payroll row that a reader could have given, for property tests and fuzzing."""

from datetime import date

from hypothesis import strategies as st

from open401k.payroll import PayrollRow

_MONTH_LETTERS = st.characters(categories=["Lu", "Ll"], codec="utf-8")
_DAYS = st.none() | st.dates(date(1930, 1, 1), date(2099, 12, 31))
_CENTS = st.sampled_from([0, 1, 5, 10, 99, 100]) | st.integers(0, 10**14 - 1)
_UNSAID = st.none() | _CENTS
#: Whatever a cell may hold: letters of any script, quotes, separators, what a spreadsheet would run.
_TEXT = st.text(
    st.sampled_from("aZ09 ,;|\"'=+-@.Éñ李") | st.characters(categories=["L", "N", "P", "S"], codec="utf-8"),
    max_size=12,
).map(str.strip)


def ssns() -> st.SearchStrategy[str]:
    """Numbers that could have been issued, the ones with leading zeros among them."""
    return st.builds(
        lambda area, group, serial: f"{area:03}{group:02}{serial:04}",
        st.integers(1, 665),
        st.integers(1, 99),
        st.integers(1, 9999),
    ).filter(lambda ssn: ssn not in ("078051120", "219099999", "457555462", "111111111", "222222222"))


def _name(text: str) -> bool:
    number = sum(each.isdigit() for each in text) >= 9  # could be an SSN, which is no name
    return text.isprintable() and text[:1] not in tuple("=+@") and "\ufffd" not in text and not number


def names() -> st.SearchStrategy[str]:
    """Names as the reader takes them: any letters, and never a formula."""
    return (_TEXT | st.text(_MONTH_LETTERS, max_size=12)).filter(_name)


def _paid(text: st.SearchStrategy[str], most: int) -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    pairs = st.tuples(text.filter(str.isprintable), st.integers(1, 10**9))
    return st.lists(pairs, max_size=most).map(tuple)


def _worked(codes: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    return st.dictionaries(codes, st.integers(1, 999_99), max_size=3).map(lambda hours: tuple(hours.items()))


def rows() -> st.SearchStrategy[PayrollRow]:
    """One line of a payroll: everything it can say, or nothing of it."""
    codes = st.sampled_from(["REG", "OT", "Bonus 2", "A|B", 'C"D', "é"])
    return st.builds(
        PayrollRow,
        row=st.just(0),
        line=st.just(0),
        ssn=ssns(),
        first_name=names(),
        last_name=names(),
        **{f"{each}_date": _DAYS for each in ("birth", "hire", "rehire", "termination", "pay")},
        **dict.fromkeys(("leave_start", "leave_end"), _DAYS),
        **dict.fromkeys(("employee_number", "pay_group", "employment_status"), _TEXT.filter(str.isprintable)),
        employer_ein=st.just("") | ssns(),
        period_start=_DAYS,
        period_end=_DAYS,
        hours_hundredths=st.none() | st.integers(0, 999_999_99),
        gross_cents=_CENTS,
        **{f"{each}_cents": _CENTS for each in ("pre_tax", "roth", "after_tax", "pre_tax_catch_up", "roth_catch_up")},
        **{
            f"{each}_cents": _UNSAID
            for each in (
                "plan_compensation",
                "fica_wages",
                "match",
                "safe_harbor_match",
                "nonelective",
                "safe_harbor_nonelective",
                "profit_sharing",
            )
        },
        loan_payments=_paid(_TEXT, 5),
        earnings=_paid(codes, 4).map(dict).map(lambda sums: tuple(sums.items())),
        earnings_hours=_worked(codes),
        deductions=_paid(codes, 3).map(dict).map(lambda sums: tuple(sums.items())),
    )
