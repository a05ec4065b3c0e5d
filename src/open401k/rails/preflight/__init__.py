"""Every reason against a rollover at once, before anybody signs; the rules that the contract holds, made of the law.

Not here: the contract (contracts/), the exchange of files (transfer_file.py), who works on a reason (node/).
"""
