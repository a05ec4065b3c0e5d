"""Stories that cross rooms, one file each: read them from top to bottom."""
