"""A tenth of ``python -m benchmarks fuzz``: mutants are refused with place and fix, or read as by the oracle."""

from collections.abc import Callable
from random import Random

import pytest
from benchmarks import fuzz_habits
from benchmarks.fuzz import Outcome, judge, run
from benchmarks.fuzz_files import LEARNED, Sample, samples
from benchmarks.naive_reader import UnreadableError, read_naively, read_records_naively

from open401k.payroll import Code, Finding, Severity, cells, tables

Habit = Callable[[Random, bytes], bytes]
FILES = {sample.layout: sample for sample in samples(Random(7))}  # noqa: S311 (to be repeated)


def test_mutants_are_refused_with_their_place_or_read_as_by_the_oracle() -> None:
    outcome = run(200, seed=20260313)
    assert outcome.wrong == []
    assert outcome.mutants == outcome.read + outcome.refused + outcome.asked == 200
    assert min(outcome.read, outcome.refused, outcome.asked) > 0


@pytest.mark.parametrize("layout", FILES)
def test_the_oracle_reads_every_file_that_is_right(layout: str) -> None:
    sample = FILES[layout]
    outcome = Outcome()
    assert judge(sample, sample.data, outcome) == ""
    assert outcome.read == 1
    if sample.records is None:
        assert read_naively(sample.data, learned=sample.learned)
    else:
        assert read_records_naively(sample.records, sample.data)


@pytest.mark.parametrize("habit", [*fuzz_habits.OF_TABLES, *dict.fromkeys(fuzz_habits.OF_WORKBOOKS)])
def test_what_people_do_to_a_file_is_done_to_some_and_read_as_by_the_oracle(habit: Habit) -> None:
    random, changed = Random(11), 0  # noqa: S311 (to be repeated)
    for sample in FILES.values():
        if sample.records is not None or sample.name.endswith(".xlsx") != (habit in fuzz_habits.OF_WORKBOOKS):
            continue
        for _ in range(3):
            try:
                data = habit(random, sample.data)
            except (ValueError, IndexError):
                continue  # it has no column of that kind
            changed += data != sample.data
            assert judge(sample, data, Outcome()) == ""
    assert changed


def amount(text: str) -> tuple[Sample, bytes]:
    """A file with an amount so written."""
    sample = FILES["learned"]
    heading, first, *rest = sample.data.decode().split("\r\n")
    cut = first.split(",")
    place = [column.heading for column in LEARNED.columns].index("401k") - len(LEARNED.columns)
    cut[place] = text
    return sample, "\r\n".join([heading, ",".join(cut), *rest]).encode()


@pytest.mark.parametrize(("text", "read_as"), [("(200.00)", "200.00"), ("200.123", "200.12"), ("", "1.00")])
def test_a_reader_that_mends_amounts_silently_is_caught(
    text: str, read_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, data = amount(text)
    careful = cells._careful_cents

    def mending(given: str, reading: object, blank_is_zero: bool) -> int:
        return careful(read_as if given == text else given, reading, blank_is_zero)  # type: ignore[arg-type]

    monkeypatch.setattr(cells, "_careful_cents", mending)
    assert judge(sample, data, Outcome()) != ""


def test_a_reader_that_skips_what_it_cannot_cut_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = FILES["open401k"]
    rows = sample.data.split(b"\r\n")
    monkeypatch.setattr(tables, "_width_problem", lambda *_: Finding(Severity.NOTE, Code.ROW_WIDTH, "", ""))
    assert judge(sample, b"\r\n".join([*rows[:2], rows[2] + b",x", *rows[3:]]), Outcome()) != ""


@pytest.mark.parametrize("data", [b"", b"a,b\r\n", b'a,"b', b"\xff\xfe\x00", b"PK\x03\x04", b"ssn,ssn\r\n1,2"])
def test_the_oracle_says_when_it_cannot_read(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_naively(data)
