"""Which data sets a table is made of, and how good they are."""
