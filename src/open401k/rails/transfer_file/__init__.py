"""What one custodian tells the other of a rollover: typed items, each a salted leaf under one root, sealed on its way.

Not here: sending it (node), the terms that name its root (messages.py).
"""
