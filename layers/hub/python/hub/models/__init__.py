"""SQL models: load, check, render to Athena statements, plan a run, release what it built."""
