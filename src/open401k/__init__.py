"""Open401k: the system of record for US retirement plans. Start at ARCHITECTURE.md."""
