"""Payroll: files and API bodies into checked rows, and the runs they make. Not here: posting (recordkeeping)."""

__all__: list[str] = []
