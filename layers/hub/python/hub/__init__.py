"""The hub's own library: one room per thing that the business would name (docs/reference/rooms.md)."""
