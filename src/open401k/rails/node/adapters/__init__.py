"""Ways into custodians' core systems: over HTTP (rest), by files overnight (batch), our own ledger (own_ledger).

Not here: what a node asks (rails.node.core), the proof that a way keeps its promises (rails.node.certifying).
"""
