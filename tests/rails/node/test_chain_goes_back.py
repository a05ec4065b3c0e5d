"""Two nodes on a network of another make that goes back under them: nothing is booked of what is not final."""

from pathlib import Path
from typing import cast

from tests.rails.anvil import Anvil, anvil
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import network, until
from tests.rails.world import PRE_TAX, ROTH, found_on, leg

from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.node.cases import State

BLOCKS = 3


def waiting(chain: Anvil) -> int:
    """How many transactions are in no block."""
    told = chain.do("txpool_status")
    assert isinstance(told, dict)
    return int(str(told["pending"]), 16)


def mine(chain: Anvil, blocks: int) -> None:
    for _ in range(blocks):
        chain.do("evm_mine")


def test_a_decision_that_the_chain_takes_back_is_sent_again_and_booked_once(
    another_database: NewDatabase, tmp_path: Path
) -> None:
    """Money flow: $1,434.56 from the source's core to the receiver's, after the second time that a block decides it."""
    with anvil() as chain:
        world = found_on(cast("EmbeddedChain", chain.chain()), chain.clock)  # a Chain; a World wants no more
        with network(world, another_database, tmp_path, elsewhere=chain.url, finality=BLOCKS) as net:
            mine(chain, BLOCKS)
            chain.do("evm_setAutomine", False)
            net.open(world.case(leg(PRE_TAX, 1_234_56), leg(ROTH, 200_00)))
            net.start()
            until(lambda: waiting(chain) > 0, "decision on its way")
            mine(chain, BLOCKS)
            assert waiting(chain) == 0
            assert State.POSTED not in net.states(), "it is in a block that may go"
            chain.do("anvil_reorg", BLOCKS, [])
            until(lambda: waiting(chain) > 0, "decision on its way again")
            assert State.POSTED not in net.states()
            mine(chain, BLOCKS + 1)
            chain.do("evm_setAutomine", True)  # what is left to send, their receipts
            until(lambda: net.states() == (State.POSTED, State.POSTED), "rollover")
            found = [node.service.books.account(f"account at {node.name}") for node in net.nodes]
            assert [each and each["balance"] for each in found] == [
                {"PRETAX": 5_000_00 - 1_234_56, "ROTH": 800_00}, {"PRETAX": 1_234_56, "ROTH": 200_00},
            ]  # fmt: skip
            assert "Traceback" not in net.nodes[0].log + net.nodes[1].log
