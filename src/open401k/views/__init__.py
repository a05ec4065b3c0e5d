"""What each page shows, read across rooms: one file per page, nothing is decided or written here."""
