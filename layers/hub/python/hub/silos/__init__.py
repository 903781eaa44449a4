"""The map of what was a silo: sources in, tables, uses out."""
