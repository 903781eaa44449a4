"""The hub's own library: one room per thing that the business would name (docs/reference/rooms.md)."""

import gc

# Start-up makes some hundred thousand objects that stay; at Python's own 700 the collector looks through them so often
# that a third of a function's start goes by.
gc.set_threshold(50_000)
