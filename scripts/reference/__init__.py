"""The reference in docs/reference, written from the code: `make reference`. Not here: guides (docs/howto)."""
