"""Rollover rails: the contracts of the neutral coordinator, what parties sign, and a chain to run them on.

Usable without the rest: nothing here knows a plan.
"""
