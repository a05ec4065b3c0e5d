"""One file that proves a rollover to somebody who has neither chain nor database: its contents, its checks.

Not here: chains and tries (rails/chain), the ledgers themselves, where a node keeps what it signed (rails/node).
"""
