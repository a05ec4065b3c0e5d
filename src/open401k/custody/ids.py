"""Ids of what custody keeps."""

from open401k.kernel import Id


class BankAccountId(Id):
    __slots__ = ()
    prefix = "bnk"


class AchFileId(Id):
    """A file of debits."""

    __slots__ = ()
    prefix = "ach"


class AccountChangeId(Id):
    """What a bank asks to change about an account."""

    __slots__ = ()
    prefix = "chg"


class StatementId(Id):
    """A bank statement."""

    __slots__ = ()
    prefix = "stm"
