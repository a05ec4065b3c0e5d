"""A custodian's node: its case files, what it does next, and the core system that it drives.

Not here: the contracts and the chain (rails). Not here yet: the exchange of transfer files between nodes, an HTTP API,
a console, one-shot votes that are handed over off chain, batches between two custodians.
"""
