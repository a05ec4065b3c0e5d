"""Tests: law, rooms, flows, doors, documents, and the house rules (tidy)."""
