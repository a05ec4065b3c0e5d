"""ISO 20022 messages come back as they were written, and whatever differs from its schema is named by its path.

The samples beside this file were validated against the published schemas (ADR-0054 says which, and where they stood).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from open401k.wire import Unreadable, iso20022, mx

SAMPLES = sorted((Path(__file__).parent / "mx").glob("*.xml"))
AT = datetime(2026, 11, 20, 22, tzinfo=UTC)
ID = "4f" * 16
LINES = (
    mx.Line("1", "PRETAX", 1_234_56),
    mx.Line("2", "ROTH", 200_00, {"BASIS": "150.00", "ROTH_SINCE": "2019"}),
)
FACTS = {"TICKET": "4f" * 32 + "-out", "ACTION": "HOLD"}
INSTRUCTION = mx.Instruction(f"H{ID}o", AT, f"{ID}-o", "S-1001", False, LINES, FACTS)
ADVICE = mx.Advice(
    "AD-1", AT, "900200",
    (mx.Entry("BK-1", ID, 1_434_56, AT.date()), mx.Entry("BK-2", ID, -1_434_56, AT.date(), "AC04")),
)  # fmt: skip


def messages(data: bytes) -> tuple[mx.Known, ...]:
    found = mx.read(data)
    assert isinstance(found, mx.Exchange), found
    return found.messages


def wrong(data: bytes) -> list[str]:
    found = mx.read(data)
    assert isinstance(found, Unreadable)
    return [f"{each.where}, {each.field}: {each.reason}" for each in found.problems]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_each_sample_is_read_and_written_the_same(sample: Path) -> None:
    data = sample.read_bytes()
    read = messages(data)
    again = mx.write_one(read[0]) if len(read) == 1 else mx.write(read, name="X-1", at=AT)
    assert again == data


def test_a_message_for_a_transfer_says_what_was_ordered() -> None:
    (read,) = messages(mx.write_one(INSTRUCTION))
    assert read == INSTRUCTION
    into = replace(INSTRUCTION, account="R-1001", is_incoming=True)
    assert messages(mx.write_one(into)) == (into,)


def test_a_bank_s_advice_is_read_as_a_statement_too() -> None:
    read = iso20022.read(mx.write_one(ADVICE))
    assert not isinstance(read, Unreadable)
    (statement,) = read
    told = [(line.cents, line.booked_on, ID in line.references, line.return_code) for line in statement.lines]
    assert told == [(1_434_56, date(2026, 11, 20), True, None), (-1_434_56, date(2026, 11, 20), True, "AC04")]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"TrfId>", b"TrfNo>", "/Document/PrtflTrfInstr/PdctTrf/TrfNo, element: is none that is read here."),
        (b'Ccy="USD">1234.56', b'Ccy="EUR">1234.56', "/Qty/CshAmt, currency: 'EUR'; only US dollars are read."),
        (b">1234.56<", b">1234.567<", "'1234.567' is no whole number of cents."),
        (b">1234.56<", b">-1234.56<", "'-1234.56' is none that may stand here."),
        (b"<LineId>2</LineId>", b"", "/PdctTrf/FinInstrmAsstForTrf[2]/LineId, element: Missing."),
        (b"2026-11-20T22", b"2026-11-31T22", "'2026-11-31T22:00:00Z' is no day and time."),
        (b"<MsgRef>", b"<MsgRef>so", "/Document/PrtflTrfInstr/MsgRef, text: holds text between its elements."),
        (b"<LineId>2", b'<LineId a="b">2', "FinInstrmAsstForTrf[2]/LineId, attribute: 'a' has no place here."),
        (b"sese.012.001.11", b"sese.012.001.10", "'sese.012.001.10' is no message that is read here"),
        (b"<TrfTp><Cd>CASH</Cd></TrfTp>", b"", "FinInstrmAsstForTrf[1]/TrfTp, element: Missing."),
        (b"</Document>", b"", "It is no XML"),
        (b"<Document", b'<!DOCTYPE a [<!ENTITY b "c">]><Document', "A document type or entity stands in it"),
    ],
)
def test_what_differs_from_the_schema_is_named_by_its_path(old: bytes, new: bytes, told: str) -> None:
    data = mx.write_one(INSTRUCTION)
    assert old in data
    assert any(told in line for line in wrong(data.replace(old, new)))


def test_elements_stand_in_the_order_of_the_schema() -> None:
    data = mx.write_one(INSTRUCTION)
    head, _, rest = data.partition(b"<TrfrAcct>")
    account, _, tail = rest.partition(b"</TrfrAcct>")
    moved = head + tail.replace(b"</Trfee>", b"</Trfee><TrfrAcct>" + account + b"</TrfrAcct>", 1)
    assert wrong(moved) == ["/Document/PrtflTrfInstr/TrfrAcct, order: stands behind <Trfee>."]


def test_a_file_counts_as_a_whole() -> None:
    data = mx.write([INSTRUCTION, INSTRUCTION], name="X-1", at=AT)
    fewer = data.replace(b"<TtlNbOfDocs>2", b"<TtlNbOfDocs>3")
    assert wrong(fewer) == ["/Xchg/PyldDesc/ApplSpcfcs/TtlNbOfDocs, number: 3 told, 2 there."]
    at = data.rindex(b"<LineId>2<")
    broken = data[:at] + data[at:].replace(b"<LineId>2<", b"<LineId><", 1)
    assert [line.partition(",")[0] for line in wrong(broken)] == [
        "/Xchg/Pyld[2]/Document/PrtflTrfInstr/PdctTrf/FinInstrmAsstForTrf[2]/LineId"
    ]


def test_what_a_bank_may_add_is_passed_over_and_anything_else_is_not() -> None:
    status = mx.PaymentStatus("ST-1", AT, f"{ID}-o", ID, "ACSC")
    data = mx.write_one(status)
    known = data.replace(b"</TxSts>", b"</TxSts><AcctSvcrRef>B-1</AcctSvcrRef>")
    assert messages(known) == (status,)
    assert wrong(data.replace(b"</TxSts>", b"</TxSts><Mood>good</Mood>")) == [
        "/Document/FIToFIPmtStsRpt/TxInfAndSts/Mood, element: is none that is read here."
    ]


@pytest.mark.parametrize("account", ["", "x" * 36, "two\n\nlines\x00"])
def test_what_does_not_fit_the_schema_is_not_written(account: str) -> None:
    with pytest.raises(ValueError, match=r"sese\.012.*TrfrAcct/Id"):
        mx.write_one(replace(INSTRUCTION, account=account))
