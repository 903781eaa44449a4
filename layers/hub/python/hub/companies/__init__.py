"""Companies: who works there, which spellings are one, which belongs to which, who refers whom."""
