"""Doors to the outside: commands, files, pictures, the report."""
