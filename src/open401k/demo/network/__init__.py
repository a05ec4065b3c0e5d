"""A network of custodians on one machine, for trying: made-up companies, each with its own core, node and database.

The programs are those that everybody runs, as processes of their own; only who they are is made up here.
"""
