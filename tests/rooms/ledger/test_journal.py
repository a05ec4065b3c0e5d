"""Posting and reversing: each refusal, its order, and that nothing stays behind."""

from datetime import date

import pytest
from tests.rooms.ledger.books import PAY_DATE, Books
from tests.support.database import Begin

from open401k import ledger
from open401k.kernel import EntryId, Refused
from open401k.ledger import Line, Lines, Posted, Refusal


def posted(answer: Posted | Refused[Refusal]) -> Posted:
    assert isinstance(answer, Posted), answer
    return answer


def test_a_payroll_moves_from_the_employer_to_each_source(books: Books, begin: Begin) -> None:
    # Money flow: employer receivable -> participant sources (pre-tax 100.00, match 50.00)
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000), ("receivable", "one match", 5_000)))
        assert books.balances(tx) == {"receivable": 15_000, "one pre-tax": 10_000, "one match": 5_000}
        assert books.verify(tx).ok


def test_a_deposit_turns_what_is_owed_into_cash(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
        posted(books.post(tx, "deposit", ("cash", "receivable", 10_000), reason="deposit"))
        assert books.balances(tx) == {"cash": 10_000, "one pre-tax": 10_000}


def test_units_and_dollars_live_in_one_journal(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "units", ("opening units", "one units", 1_500_000), ("opening", "one pre-tax", 7)))
        assert books.balances(tx) == {
            "opening units": -1_500_000, "one units": 1_500_000, "opening": -7, "one pre-tax": 7,
        }  # fmt: skip


def test_same_key_and_body_gives_the_first_answer(books: Books, begin: Begin) -> None:
    with begin() as tx:
        first = posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
    with begin() as tx:
        again = posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
        assert again == Posted(first.entry_id, already=True)
        assert books.balances(tx)["one pre-tax"] == 10_000


@pytest.mark.parametrize("amount", [10_001, -5, 0])
def test_same_key_with_another_body_is_refused_before_anything_else(books: Books, begin: Begin, amount: int) -> None:
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
        refused = books.post(tx, "run", ("receivable", "one pre-tax", amount))
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.KEY_REUSED


def test_each_part_of_the_command_belongs_to_its_body(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
        others = [
            books.post(tx, "run", ("receivable", "one pre-tax", 10_000), event_on=date(2026, 1, 3)),
            books.post(tx, "run", ("receivable", "one pre-tax", 10_000), reason="correction"),
            books.post(tx, "run", ("receivable", "one match", 10_000)),
            books.post(tx, "run", ("receivable", "one pre-tax", 10_000), ("receivable", "one match", 1)),
            books.reserve(tx, "run", ("receivable", "one pre-tax", 10_000)),
        ]
        assert {answer.reason for answer in others if isinstance(answer, Refused)} == {Refusal.KEY_REUSED}
        assert all(isinstance(answer, Refused) for answer in others)


@pytest.mark.parametrize("key", ["", "x" * 256, "two\nlines"])
def test_an_unusable_key_is_refused(books: Books, begin: Begin, key: str) -> None:
    with begin() as tx:
        refused = books.post(tx, key, ("receivable", "one pre-tax", 1))
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.KEY_UNUSABLE


@pytest.mark.parametrize(
    ("moves", "reason"),
    [
        ([], Refusal.NOTHING_TO_POST),
        ([("receivable", "one pre-tax", 0)], Refusal.AMOUNT_NOT_POSITIVE),
        ([("receivable", "one pre-tax", 5), ("receivable", "one match", -1)], Refusal.AMOUNT_NOT_POSITIVE),
        ([("cash", "cash", 0)], Refusal.AMOUNT_NOT_POSITIVE),
        ([("receivable", "one pre-tax", ledger.LARGEST_AMOUNT + 1)], Refusal.AMOUNT_TOO_LARGE),
        ([("receivable", "one pre-tax", 2**70)], Refusal.AMOUNT_TOO_LARGE),
        ([("cash", "cash", 5)], Refusal.SAME_ACCOUNT),
        ([("receivable", "one units", 5)], Refusal.ASSET_MISMATCH),
        ([("one pre-tax", "cash", 1)], Refusal.BALANCE_TOO_LOW),
        ([("receivable", "one pre-tax", 7), ("two pre-tax", "one match", 1)], Refusal.BALANCE_TOO_LOW),
        ([("one units", "cash", 9)], Refusal.ASSET_MISMATCH),
    ],
)
def test_a_refused_entry_leaves_nothing_and_the_transaction_goes_on(
    books: Books, begin: Begin, moves: list[tuple[str, str, int]], reason: Refusal
) -> None:
    with begin() as tx:
        refused = books.post(tx, "refused", *moves)
        assert isinstance(refused, Refused)
        assert refused.reason is reason
        assert refused.message
        assert refused.fix
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 1)))
    with begin() as tx:
        assert books.balances(tx) == {"receivable": 1, "one pre-tax": 1}
        checked = books.verify(tx)
        assert (checked.ok, checked.entries, checked.lines) == (True, 1, 1)


def test_an_account_that_is_not_open_is_refused_by_name(books: Books, begin: Begin) -> None:
    with begin() as tx:
        stranger = ledger.account_id(tenant_id=books.tenant_id, key=ledger.AccountKey(books.plan_id, ledger.Kind.FEES))
        line = Line(books.accounts["receivable"], stranger, 5, "x")
        refused = ledger.post(
            tx, tenant_id=books.tenant_id, key="k", event_on=PAY_DATE, reason="fee", cause="run_1", lines=[line]
        )
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.ACCOUNT_UNKNOWN
        assert str(stranger) in refused.message
        assert books.verify(tx).entries == 0


def test_too_low_says_by_how_much(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 70)))
        refused = books.post(tx, "out", ("one pre-tax", "cash", 100), reason="distribution")
        assert isinstance(refused, Refused)
        assert refused.detail["short"] == "30"
        assert "70 cents available, 30 too few" in refused.message


def test_only_the_net_of_an_entry_counts_against_the_floor(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "through", ("one pre-tax", "cash", 100), ("receivable", "one pre-tax", 100)))
        assert books.balances(tx) == {"receivable": 100, "cash": -100}


def test_columns_and_lines_are_one_command(books: Books, begin: Begin) -> None:
    lines = books.lines([("receivable", "one pre-tax", 10_000), ("receivable", "one match", 5_000)])
    columns = Lines(
        [line.debit.uuid for line in lines],
        [line.credit.uuid for line in lines],
        [line.amount for line in lines],
        [line.ref for line in lines],
    )
    with begin() as tx:
        first = posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000), ("receivable", "one match", 5_000)))
        again = ledger.post(
            tx,
            tenant_id=books.tenant_id,
            key="run",
            event_on=PAY_DATE,
            reason="contribution",
            cause="run_1",
            lines=columns,
        )
        assert again == Posted(first.entry_id, already=True)


def test_a_reversal_restores_every_balance_and_happens_once(books: Books, begin: Begin) -> None:
    with begin() as tx:
        first = posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000), ("receivable", "one match", 5)))

        def reverse(key: str) -> Posted | Refused[Refusal]:
            return ledger.reverse(
                tx,
                tenant_id=books.tenant_id,
                entry_id=first.entry_id,
                key=key,
                event_on=PAY_DATE,
                reason="reversal",
            )

        back = posted(reverse("back"))
        assert books.balances(tx) == {}
        assert reverse("back") == Posted(back.entry_id, already=True)
        twice = reverse("back again")
        assert isinstance(twice, Refused)
        assert twice.reason is Refusal.ALREADY_REVERSED
        assert books.verify(tx).ok


def test_a_reversal_of_nothing_is_refused(books: Books, begin: Begin) -> None:
    with begin() as tx:
        refused = ledger.reverse(
            tx,
            tenant_id=books.tenant_id,
            entry_id=tx.ids.new(EntryId),
            key="back",
            event_on=PAY_DATE,
            reason="reversal",
        )
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.ENTRY_UNKNOWN


def test_money_that_left_again_cannot_be_reversed(books: Books, begin: Begin) -> None:
    with begin() as tx:
        first = posted(books.post(tx, "run", ("receivable", "one pre-tax", 100)))
        posted(books.post(tx, "out", ("one pre-tax", "cash", 60), reason="distribution"))
        refused = ledger.reverse(
            tx, tenant_id=books.tenant_id, entry_id=first.entry_id, key="back", event_on=PAY_DATE, reason="reversal"
        )
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.BALANCE_TOO_LOW
        assert refused.detail["short"] == "60"


def test_refusals_are_listed_in_order_of_precedence(books: Books, begin: Begin) -> None:
    """A command with every fault gets the first of them; mending one at a time walks down the list."""
    stranger = ledger.account_id(tenant_id=books.tenant_id, key=ledger.AccountKey(books.plan_id, ledger.Kind.FEES))
    faults = [
        (Refusal.AMOUNT_NOT_POSITIVE, books.line("receivable", "one match", 0)),
        (Refusal.AMOUNT_TOO_LARGE, books.line("receivable", "one match", 10**16)),
        (Refusal.SAME_ACCOUNT, books.line("cash", "cash", 1)),
        (Refusal.ACCOUNT_UNKNOWN, Line(books.accounts["receivable"], stranger, 1, "x")),
        (Refusal.ASSET_MISMATCH, books.line("cash", "one units", 1)),
        (Refusal.BALANCE_TOO_LOW, books.line("one pre-tax", "cash", 1)),
    ]
    order = list(Refusal)
    with begin() as tx:
        for place, (reason, _) in enumerate(faults):
            refused = ledger.post(
                tx,
                tenant_id=books.tenant_id,
                key=f"k{place}",
                event_on=PAY_DATE,
                reason="fee",
                cause="run_1",
                lines=[line for _, line in reversed(faults[place:])],
            )
            assert isinstance(refused, Refused)
            assert refused.reason is reason
        assert sorted((reason for reason, _ in faults), key=order.index) == [reason for reason, _ in faults]


def test_entries_of_one_movement_may_take_what_a_later_one_gives(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
        together = ledger.Together()
        posted(books.post(tx, "first", ("one pre-tax", "receivable", 12_000), together=together))
        posted(books.post(tx, "second", ("one pre-tax", "receivable", 9_000), together=together))
        assert books.balances(tx)["one pre-tax"] == 1_000  # the second found enough; the first waits
        posted(books.post(tx, "third", ("receivable", "one pre-tax", 11_000), together=together))
        assert ledger.take_in(tx, tenant_id=books.tenant_id, together=together) is None
        assert "one pre-tax" not in books.balances(tx)
        assert books.verify(tx).ok


def test_a_movement_that_takes_too_much_is_refused_by_what_it_is_short_of(books: Books, begin: Begin) -> None:
    with begin() as tx:
        posted(books.post(tx, "run", ("receivable", "one pre-tax", 10_000)))
    with begin() as tx:
        together = ledger.Together()
        posted(books.post(tx, "first", ("one pre-tax", "receivable", 12_000), together=together))
        posted(books.post(tx, "second", ("receivable", "one pre-tax", 500), together=together))
        refused = ledger.take_in(tx, tenant_id=books.tenant_id, together=together)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.detail["short"]) == (Refusal.BALANCE_TOO_LOW, "1500")


def test_a_movement_waits_for_nothing_but_money(books: Books, begin: Begin) -> None:
    with begin() as tx:
        together = ledger.Together()
        refused = books.post(tx, "run", ("receivable", "one units", 5), together=together)
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.ASSET_MISMATCH
        assert ledger.take_in(tx, tenant_id=books.tenant_id, together=together) is None
        assert books.verify(tx).ok
