"""Set-up of a fresh machine, on made-up indexes and folders; nothing is installed."""
