"""What governs a network of custodians and puts money on it: its council's motions, its bank's deposits.

Motions are files: each seat reads one in words, signs it with its own key, where no network is needed, and hands it on.
"""
