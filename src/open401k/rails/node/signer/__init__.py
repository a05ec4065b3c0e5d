"""The signer: a process of its own that has a node's keys, and signs only what it has read and its policy allows.

It knows no chain, no database and no core. Not here: what a node signs for (rails.node.signing), deciding to.
"""
