"""What stewards decide: who is one person and who is not, which values hold; by two persons, and undone by two."""
