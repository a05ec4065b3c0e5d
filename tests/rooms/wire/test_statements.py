"""Bank statements in three formats say the same, add up, and name what is wrong with them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.wire import BankLine, Statement, Unreadable, bai2, iso20022, read_statement, statement_csv

BAI2 = b"""01,122099999,123456789,260316,2100,1,,,2/
02,031001234,122099999,1,260313,2359,USD,2/
03,0975312468,USD,010,500000,,,015,741499,,,100,251500,2,0/
16,165,250000,V,260316,,BR1001,401K-0007,ACME CO, 401K PAYROLL
88,MARCH 13
16,257,1500,0,BR1002,,ACH RETURN R01/
16,475,10001,,BR1003,1042,/
49,1754500,6/
98,1754500,1,8/
99,1754500,1,10/
"""

CAMT = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-13T21:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>0975312468</Id></Othr></Id><Ccy>USD</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">5000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <Dt><Dt>2026-03-13</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">7414.99</Amt><CdtDbtInd>CRDT</CdtDbtInd>
 <Dt><Dt>2026-03-13</Dt></Dt></Bal>
<TxsSummry><TtlNtries><NbOfNtries>3</NbOfNtries><Sum>2615.01</Sum></TtlNtries>
 <TtlCdtNtries><NbOfNtries>2</NbOfNtries><Sum>2515.00</Sum></TtlCdtNtries></TxsSummry>
<Ntry><Amt Ccy="USD">2500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-13</Dt></BookgDt>
 <ValDt><Dt>2026-03-16</Dt></ValDt><AcctSvcrRef>BR1001</AcctSvcrRef><NtryDtls>
 <TxDtls><Refs><EndToEndId>401K-0007</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="USD">1500.00</Amt></TxAmt></AmtDtls>
  <RltdPties><Dbtr><Nm>Acme Co</Nm></Dbtr></RltdPties><RmtInf><Ustrd>401k payroll</Ustrd></RmtInf></TxDtls>
 <TxDtls><Refs><EndToEndId>401K-0008</EndToEndId></Refs>
  <AmtDtls><TxAmt><Amt Ccy="USD">1000.00</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="USD">15.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-13</Dt></BookgDt>
 <NtryDtls><TxDtls><RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="USD">100.01</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
 <BookgDt><DtTm>2026-03-13T10:00:00</DtTm></BookgDt></Ntry>
<Ntry><Amt Ccy="USD">9.99</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts><BookgDt><Dt>2026-03-13</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""

CSV = b"""Posting Date,Value Date,Description,Reference,Amount,Balance
03/13/2026,03/16/2026,ACME CO 401K PAYROLL,401K-0007,"$2,500.00","7,500.00"
03/13/2026,03/13/2026,ACH RETURN R01,,15.00,7515.00
03/13/2026,03/13/2026,CHECK,1042,(100.01),7414.99
"""

FRIDAY, MONDAY = date(2026, 3, 13), date(2026, 3, 16)


def one(data: bytes) -> Statement:
    found = read_statement(data)
    assert not isinstance(found, Unreadable), str(found)
    (statement,) = found
    return statement


def refused(data: bytes) -> str:
    found = read_statement(data)
    assert isinstance(found, Unreadable), found
    return str(found)


def test_bai2_is_read_with_value_dates_continuations_and_returns() -> None:
    statement = one(BAI2)
    assert statement.lines == (
        BankLine("line 4", FRIDAY, MONDAY, 250_000, ("401K-0007", "BR1001"), "", "ACME CO, 401K PAYROLL MARCH 13"),
        BankLine("line 6", FRIDAY, FRIDAY, 1_500, ("BR1002",), "", "ACH RETURN R01", "R01"),
        BankLine("line 7", FRIDAY, FRIDAY, -10_001, ("1042", "BR1003"), "", ""),
    )
    assert (statement.account, statement.opening_cents, statement.closing_cents) == ("0975312468", 500_000, 741_499)


def test_camt_053_is_read_with_each_payment_of_a_batch() -> None:
    statement = one(CAMT)
    assert [(line.place, line.cents, line.return_code) for line in statement.lines] == [
        ("Stmt[1]/Ntry[1]/NtryDtls/TxDtls[1]", 150_000, None),
        ("Stmt[1]/Ntry[1]/NtryDtls/TxDtls[2]", 100_000, None),
        ("Stmt[1]/Ntry[2]", 1_500, "AM04"),
        ("Stmt[1]/Ntry[3]", -10_001, None),
    ]
    first = statement.lines[0]
    assert (first.references, first.counterparty, first.text) == (("401K-0007", "BR1001"), "Acme Co", "401k payroll")
    assert (first.booked_on, first.value_on, statement.closed_on) == (FRIDAY, MONDAY, FRIDAY)


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
def test_versions_of_the_namespace_are_read(version: str) -> None:
    data = CAMT.replace(b"camt.053.001.02", f"camt.053.001.{version}".encode())
    if version > "07":  # the status became a choice, and the party one level deeper
        data = data.replace(b"<Sts>BOOK</Sts>", b"<Sts><Cd>BOOK</Cd></Sts>").replace(
            b"<Sts>PDNG<", b"<Sts><Cd>PDNG</Cd><"
        )
        data = data.replace(b"<Dbtr><Nm>Acme Co</Nm></Dbtr>", b"<Dbtr><Pty><Nm>Acme Co</Nm></Pty></Dbtr>")
    assert one(data).lines == one(CAMT).lines


def test_a_notification_has_no_balances() -> None:
    data = (
        CAMT.replace(b"camt.053", b"camt.054").replace(b"Stmt>", b"Ntfctn>").replace(b"BkToCstmrNtfctn", b"BkToCstmr")
    )
    start, end = data.index(b"<Bal>"), data.rindex(b"</Bal>") + 6
    statement = one(data[:start] + data[end:])
    assert (statement.kind, statement.opening_cents, statement.proven) == ("camt.054", None, False)
    assert sum(line.cents for line in statement.lines) == 241_499


def test_csv_is_read_in_either_order_of_its_days() -> None:
    statement = one(CSV)
    assert [line.cents for line in statement.lines] == [250_000, 1_500, -10_001]
    assert (statement.opening_cents, statement.closing_cents) == (500_000, 741_499)
    assert [line.return_code for line in statement.lines] == [None, "R01", None]
    head, *rows = CSV.splitlines(keepends=True)
    backwards = one(head + b"".join(rows[::-1]))
    assert (backwards.opening_cents, backwards.closing_cents) == (500_000, 741_499)
    assert [line.cents for line in backwards.lines] == [250_000, 1_500, -10_001]


def test_three_formats_of_one_day_move_the_same_money() -> None:
    moved = {sum(line.cents for line in one(data).lines) for data in (BAI2, CAMT, CSV)}
    assert moved == {241_499}


def test_csv_with_credit_and_debit_columns_proves_given_balances() -> None:
    data = b"Date;Details;Deposits;Withdrawals\n2026-03-13;a;25.00;\n2026-03-13;b;;10.00\n"
    found = statement_csv.read(data, opening_cents=100, closing_cents=1_600)
    assert not isinstance(found, Unreadable)
    assert found[0].proven
    assert [line.cents for line in found[0].lines] == [2_500, -1_000]
    wrong = statement_csv.read(data, opening_cents=100, closing_cents=1_601)
    assert "0.01 is missing" in str(wrong)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"49,1754500", b"49,1754501", "line 8, control total: 1754501 in the trailer, 1754500 from the records."),
        (b"1754500,6/", b"1754500,5/", "line 8, number of records: 5 in the trailer, 6 from the records."),
        (b"98,1754500,1", b"98,1754500,2", "line 9, number of accounts: 2 in the trailer, 1 from the records."),
        (b"99,1754500,1,10", b"99,1754500,1,11", "line 10, number of records: 11 in the trailer, 10 from the records."),
        (b"165,250000", b"165,25OO00", "line 4, field 3: '25OO00' is no whole number."),
        (b"16,475", b"16,001", "line 7, type code: '001' is neither a credit nor a debit."),
        (b"USD,010", b"EUR,010", "line 3, currency: 'EUR'; only US dollars are read."),
        (b"1,260313", b"1,261313", "line 2, as-of date: '261313' is no day (YYMMDD)."),
        (b"1,260313", b"2,260313", "line 2, group status: '2'"),
        (b"015,741499", b"015,741498", "line 8, closing balance: opening 5,000.00 and lines of 2,414.99 do not make"),
        (b"V,260316", b"Q,260316", "line 4, funds type: 'Q'"),
        (b"16,257", b"17,257", "line 6, record code: '17' is none of BAI2."),
        (b"99,1754500,1,10/\n", b"", "the end, record code: The file ends without its trailer (99)."),
    ],
)  # fmt: skip
def test_bai2_names_line_field_and_reason(old: bytes, new: bytes, told: str) -> None:
    assert told in refused(BAI2.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b">2500.00<", b">2500.01<", "Ntry[1]/Amt, amount: the transactions make 2,500.00, the entry 2,500.01."),
        (b">7414.99<", b">7414.98<", "Stmt[1], closing balance: opening 5,000.00 and lines of 2,414.99 do not make"),
        (b"<Sum>2615.01", b"<Sum>2615.02", "Stmt[1]/TxsSummry/TtlNtries/Sum, sum: 2,615.02 told, 2,615.01"),
        (b"<NbOfNtries>2<", b"<NbOfNtries>1<", "TtlCdtNtries/NbOfNtries, number: 1 told, 2 booked entries."),
        (b">15.00<", b">15.001<", "Stmt[1]/Ntry[2]/Amt, amount: '15.001' is no amount in dollars and cents."),
        (b"DBIT</CdtDbtInd><Sts>BOOK", b"DEBIT</CdtDbtInd><Sts>BOOK", "Stmt[1]/Ntry[3]/CdtDbtInd, direction: 'DEBIT'"),
        (b'Ccy="USD">15.00', b'Ccy="EUR">15.00', "Stmt[1]/Ntry[2]/Amt, currency: 'EUR'; only US dollars are read."),
        (b"2026-03-13T10", b"2026-02-30T10", "Stmt[1]/Ntry[3]/BookgDt, date: '2026-02-30T10:00:00' is no day."),
        (b"camt.053.001.02", b"camt.052.001.02", "is neither camt.053 nor camt.054"),
        (b"camt.053.001.02", b"camt.053.001.14", "is neither camt.053 nor camt.054"),
        (b"OPBD", b"ITBD", "An opening (OPBD or PRCD) and a closing (CLBD) are needed."),
        (b"<Stmt>", b"<Stmt", "It is no XML"),
        (b"<Id>0975312468</Id>", b"", "No account number."),
        (b"<Document ", b'<!DOCTYPE x [<!ENTITY a "b">]><Document ', "A document type or entity stands in it"),
    ],
)  # fmt: skip
def test_camt_names_path_field_and_reason(old: bytes, new: bytes, told: str) -> None:
    assert told in refused(CAMT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"15.00,7515.00", b"15.00,7515.01", "line 3, balance: 7,515.01 does not follow from the line before; 0.01"),
        (b"(100.01)", b"100.0l", "line 4, amount: '100.0l' is no amount in dollars and cents."),
        (b"(100.01)", b"1e2", "line 4, amount: '1e2' is no amount"),
        (b"03/13/2026,03/13/2026,CHECK", b"02/30/2026,03/13/2026,CHECK", "line 4, date: '02/30/2026' is no day."),
        (b"03/13/2026,03/13/2026,CHECK", b"2026-03-13,03/13/2026,CHECK", "line 4, value date: Dates are written"),
        (b"Amount", b"Betrag", "line 1, headings: A date and an amount (or credit and debit) are needed."),
        (b"Value Date", b"Date", "line 1, Date: Two columns are the booked on."),
        (b'"$2,500.00"', b"$2,500.00", "line 2, row: 7 cells, 6 expected. Amounts with commas stand in quotes."),
        (b"ACME", b"\xff", "line 2, file: the byte 0xff is not UTF-8."),
        (b'"7,500.00"', b'"7,500.00', "It is no CSV"),
    ],
)  # fmt: skip
def test_csv_names_line_column_and_reason(old: bytes, new: bytes, told: str) -> None:
    assert told in refused(CSV.replace(old, new, 1))


def test_an_empty_and_a_huge_file_are_refused() -> None:
    for read in (read_statement, bai2.read, iso20022.read, statement_csv.read):
        assert "empty" in str(read(b" \n"))
        assert "at most" in str(read(b"0" * (33 * 1024 * 1024)))


@pytest.mark.parametrize("count", ["-3", "-2", "0", "999999999999999"])
def test_a_distribution_of_days_that_cannot_be_ends(count: str) -> None:
    refused(BAI2.replace(b"251500,2,0", f"251500,2,D,{count},1,251500".encode()).replace(b"1754500", b"1"))


def test_a_currency_that_is_not_ours_and_a_second_account_are_refused() -> None:
    data = b"Date,Amount,Account,Currency\n2026-03-13,1.00,1,USD\n2026-03-13,1.00,2,EUR\n"
    assert "line 3, account: A second account." in refused(data)
    assert "line 3, currency: 'EUR'" in refused(data)


def test_the_account_is_not_printed() -> None:
    assert "0975312468" not in repr(one(BAI2))


@settings(max_examples=200, deadline=None)
@given(
    data=st.sampled_from([BAI2, CAMT, CSV]), at=st.integers(0, 4_000), put=st.binary(max_size=4), cut=st.integers(0, 90)
)
def test_whatever_happens_to_a_statement_it_adds_up_or_is_named(data: bytes, at: int, put: bytes, cut: int) -> None:
    at = min(at, len(data))
    found = read_statement(data[:at] + put + data[at + cut :])
    if isinstance(found, Unreadable):
        assert found.problems
        assert all(each.where and each.field and each.reason for each in found.problems)
        return
    for statement in found:
        if statement.proven:
            moved = sum(line.cents for line in statement.lines)
            assert (statement.opening_cents or 0) + moved == statement.closing_cents
