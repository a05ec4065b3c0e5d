"""A custodian's node: its case files and deals, what it does next, its post, and the core system that it drives.

Not here: the contracts and the chain (rails), HTTP (doors/node). Not here yet: one-shot votes that are handed over off
chain, batches between two custodians.
"""
