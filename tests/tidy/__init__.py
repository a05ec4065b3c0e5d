"""House rules as tests. Each states its reason and its named escape."""
