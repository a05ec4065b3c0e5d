"""Long values arrive whole, in pieces that only their tenant sees, and nothing of them stays behind."""

from collections.abc import Sequence

import pytest
from psycopg.errors import InsufficientPrivilege
from tests.support.database import Begin, new_tenant

from open401k import payroll
from open401k.base.db import Database
from open401k.base.laid_by import PIECE, laid_by
from open401k.kernel import PlanId, SponsorId


@pytest.mark.parametrize(
    "pieces",
    [[b""], [b"one"], [b"a" * PIECE], [b"a" * PIECE, b"b"], [bytes([n % 256]) * 700_000 for n in range(5)]],
    ids=["nothing", "a word", "one piece", "one byte more", "uneven"],
)
def test_what_was_sent_in_pieces_is_found_whole_and_then_gone(
    begin: Begin, tenant: SponsorId, pieces: Sequence[bytes]
) -> None:
    with begin() as tx:
        of = {"tenant_id": tenant}
        with laid_by(tx, **of, name="it", pieces=pieces), laid_by(tx, **of, name="other", pieces=[b"?"]):
            found = tx.one("select whole from base.laid_by_v where tenant_id = %s and name = 'it'", [tenant])
            assert bytes(found[0]) == b"".join(pieces)
        assert tx.one("select count(*) from base.laid_by where tenant_id = %s", [tenant]) == (0,)


def test_nothing_is_sent_for_a_tenant_out_of_sight(db: Database, begin: Begin) -> None:
    other = new_tenant(db)
    with pytest.raises(InsufficientPrivilege), begin() as tx, laid_by(tx, tenant_id=other, name="it", pieces=[b"x"]):
        pytest.fail("it was sent")


def test_a_file_longer_than_a_piece_is_kept_as_it_came(begin: Begin, tenant: SponsorId, db: Database) -> None:
    data = bytes(range(256)) * 8_000 + b"the end"
    with begin() as tx:
        file_id = payroll.files.keep(tx, tenant_id=tenant, plan_id=db.ids.new(PlanId), name="long.csv", data=data)
    with begin() as tx:
        assert payroll.files.content(tx, tenant_id=tenant, file_id=file_id) == data
        assert payroll.files.verify(tx, tenant_id=tenant) == (1, [])
