"""The edit distance of two short texts, as SQL's levenshtein_distance counts it."""


def levenshtein(one: str, other: str) -> int:
    """Insertions, deletions and replacements; a column of the table at once, as bits of a whole number (Hyyrö 2003)."""
    if one == other:
        return 0
    if not one or not other:
        return len(one) + len(other)
    places: dict[str, int] = {}
    for place, letter in enumerate(one):
        places[letter] = places.get(letter, 0) | 1 << place
    last, every = 1 << (len(one) - 1), (1 << len(one)) - 1
    more, less, distance = every, 0, len(one)
    for letter in other:
        same = places.get(letter, 0)
        diagonal = (((same & more) + more) ^ more) | same | less
        up, down = less | (every & ~(diagonal | more)), more & diagonal
        if up & last:
            distance += 1
        if down & last:
            distance -= 1
        up = (up << 1 | 1) & every
        more, less = (down << 1 & every) | (every & ~(diagonal | up)), up & diagonal
    return distance
