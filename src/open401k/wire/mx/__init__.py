"""ISO 20022 messages of transfers and payments, written and strictly read. Not here: statements (../iso20022.py).

The names, their order, and what is mandatory are those of the published schemas: sese.011.001.09, sese.012.001.11,
sese.013.001.11, sese.014.001.09, sese.018.001.09, pacs.002.001.15, pacs.004.001.14, pacs.008.001.13, camt.054.001.13
and head.002.001.01 (ADR-0054 says where they were read). Of each only a part is used; what else a schema has is passed
over where a bank writes the message, and refused where a core answers us.
"""

from .exchange import Exchange, Known, KnownT, read, write, write_one
from .payments import Advice, CreditTransfer, Entry, Party, PaymentReturn, PaymentStatus
from .shapes import Message
from .transfers import Cancellation, Confirmation, Holding, Instruction, Line, Outcome, Status

__all__ = [
    "Advice",
    "Cancellation",
    "Confirmation",
    "CreditTransfer",
    "Entry",
    "Exchange",
    "Holding",
    "Instruction",
    "Known",
    "KnownT",
    "Line",
    "Message",
    "Outcome",
    "Party",
    "PaymentReturn",
    "PaymentStatus",
    "Status",
    "read",
    "write",
    "write_one",
]
