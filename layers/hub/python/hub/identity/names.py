"""What stands beside a name and is none, as patterns for Python and SQL; records.sql writes them out."""

TITLES = "(mr|mrs|ms|miss|dr|prof|sir|shri|shrimati|sri|smt|kumari|herr|frau)[. ]+"
BEHIND = "[ ,]+(jr|jnr|junior|sr|snr|senior|ii|iii|iv|2nd|3rd|4th|ph[.]?d|m[.]?d|esq)[. ]*"
