"""Documentation that cannot drift: links, paths, commands, decisions."""
