"""How postcodes are written, by country, and how those of an Indian state begin (first digits, as India Post sorts)."""

import re
from collections.abc import Mapping
from types import MappingProxyType

US, CANADA = r"[0-9]{5}([ -]?[0-9]{4})?", r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z] ?[0-9][ABCEGHJ-NPRSTV-Z][0-9]"
BRITAIN = (
    r"(GIR ?0AA|[A-PR-UWYZ]([0-9]{1,2}|[A-HK-Y][0-9]([0-9]|[ABEHMNPRV-Y])?|[0-9][A-HJKPSTUW])"
    r" ?[0-9][ABD-HJLNP-UW-Z]{2})"
)
FOUR, FIVE, SIX = r"[0-9]{4}", r"[0-9]{5}", r"[0-9]{6}"

# RE2, in capitals, without blanks around.
FORMS: Mapping[str, str] = MappingProxyType(
    {
        "IN": r"[1-9][0-9]{2} ?[0-9]{3}",
        "GB": BRITAIN,
        "US": US,
        "CA": CANADA,
        "IE": r"([AC-FHKNPRTV-Y][0-9]{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4}",
        "NL": r"[1-9][0-9]{3} ?[A-Z]{2}",
        "BR": r"[0-9]{5}-?[0-9]{3}",
        "PT": r"[0-9]{4}(-[0-9]{3})?",
        "PL": r"[0-9]{2}-?[0-9]{3}",
        "JP": r"[0-9]{3}-?[0-9]{4}",
        "SE": r"[1-9][0-9]{2} ?[0-9]{2}",
        "CZ": r"[1-7][0-9]{2} ?[0-9]{2}",
        "GR": r"[1-8][0-9]{2} ?[0-9]{2}",
        "TW": r"[1-9][0-9]{2}([0-9]{2,3})?",
        "DE": r"(0[1-9]|[1-9][0-9])[0-9]{3}",
        "FR": r"([0-8][0-9]|9[0-8])[0-9]{3}",
        "ES": r"(0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}",
        "CN": SIX,
        "RU": r"[1-6][0-9]{5}",
        "SG": r"[0-8][0-9]{5}",
        "RO": SIX,
        "VN": r"[0-9]{5,6}",
        "IL": r"[0-9]{5}([0-9]{2})?",
        "SA": r"[0-9]{5}(-?[0-9]{4})?",
        "AU": r"(0[289]|[1-9][0-9])[0-9]{2}",
        **dict.fromkeys(("AT", "BE", "CH"), r"[1-9][0-9]{3}"),
        **dict.fromkeys(("BD", "DK", "HU", "NO", "NZ", "PH", "ZA"), FOUR),
        **dict.fromkeys(("FI", "ID", "IT", "KR", "LK", "MX", "MY", "NP", "PK", "TH", "TR", "UA"), FIVE),
    }
)

# State or territory, as people write it, and how its postcodes begin. A form may stand for several spellings.
_STATES = {
    "11": "delhi, new delhi, nct of delhi, dl",
    "12 13": "haryana, hr",
    "14 15 16": "punjab, pb",
    "160": "chandigarh, ch",
    "17": "himachal pradesh, hp",
    "18 19": "jammu and kashmir, jammu & kashmir, jk",
    "194": "ladakh, la",
    "20 21 22 23 24 25 26 27 28": "uttar pradesh, up",
    "244 246 247 248 249 262 263": "uttarakhand, uttaranchal, uk, ua",
    "30 31 32 33 34": "rajasthan, rj",
    "36 37 38 39": "gujarat, gj, dadra and nagar haveli and daman and diu, daman and diu, dadra and nagar haveli",
    "40 41 42 43 44": "maharashtra, mh",
    "403": "goa, ga",
    "45 46 47 48": "madhya pradesh, mp",
    "49": "chhattisgarh, chattisgarh, ct, cg",
    "50": "telangana, ts, tg",
    "50 51 52 53": "andhra pradesh, ap",
    "56 57 58 59": "karnataka, ka",
    "60 61 62 63 64": "tamil nadu, tamilnadu, tn",
    "533 605 607 609 673": "puducherry, pondicherry, py",
    "67 68 69": "kerala, kl",
    "682": "lakshadweep, ld",
    "70 71 72 73 74": "west bengal, wb",
    "737": "sikkim, sk",
    "744": "andaman and nicobar islands, andaman and nicobar, andaman & nicobar islands, an",
    "75 76 77": "odisha, orissa, or, od",
    "78": "assam, as",
    "790 791 792": "arunachal pradesh, ar",
    "793 794": "meghalaya, ml",
    "795": "manipur, mn",
    "796": "mizoram, mz",
    "797 798": "nagaland, nl",
    "799": "tripura, tr",
    "80 81 82 84 85": "bihar, br",
    "81 82 83": "jharkhand, jh",
}
STATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {state: tuple(begins.split()) for begins, states in _STATES.items() for state in states.split(", ")}
)

# Large towns, old name and new, and how the postcodes of the town and its outskirts begin; a name that two towns have
# stands for both.
_CITIES = {
    "400 401 421": "thane",
    "400": "mumbai, bombay",
    "400 410": "navi mumbai",
    "411 412": "pune, poona",
    "440 441": "nagpur",
    "422": "nashik, nasik",
    "431 824": "aurangabad, chhatrapati sambhajinagar",
    "413": "solapur",
    "416": "kolhapur",
    "122 123": "gurugram, gurgaon",
    "121": "faridabad",
    "201": "noida, greater noida",
    "201 245": "ghaziabad",
    "141": "ludhiana",
    "143": "amritsar",
    "144": "jalandhar",
    "302 303": "jaipur",
    "342": "jodhpur",
    "313": "udaipur",
    "324 325": "kota",
    "380 382": "ahmedabad, amdavad",
    "394 395": "surat",
    "390 391": "vadodara, baroda",
    "360": "rajkot",
    "462": "bhopal",
    "452 453": "indore",
    "474": "gwalior",
    "482": "jabalpur",
    "492 493": "raipur",
    "500 501 502": "hyderabad, secunderabad",
    "506": "warangal",
    "520 521": "vijayawada",
    "530 531": "visakhapatnam, vizag",
    "522": "guntur",
    "560 561 562": "bengaluru, bangalore",
    "570 571": "mysuru, mysore",
    "574 575": "mangaluru, mangalore",
    "580": "hubballi, hubli",
    "600 601 602 603": "chennai, madras",
    "641 642": "coimbatore, kovai",
    "625": "madurai",
    "620 621": "tiruchirappalli, trichy",
    "636": "salem",
    "682 683": "kochi, cochin, ernakulam",
    "695": "thiruvananthapuram, trivandrum",
    "673": "kozhikode, calicut",
    "680": "thrissur, trichur",
    "700": "kolkata, calcutta",
    "711": "howrah",
    "734": "siliguri",
    "751 752": "bhubaneswar",
    "753 754": "cuttack",
    "781": "guwahati",
    "800 801 803": "patna",
    "834 835": "ranchi",
    "831 832": "jamshedpur",
    "226 227": "lucknow",
    "208 209": "kanpur",
    "221": "varanasi, banaras, benares",
    "282 283": "agra",
    "211 212": "prayagraj, allahabad",
    "250": "meerut",
    "248": "dehradun",
    "171": "shimla",
    "190 191": "srinagar",
    "180 181": "jammu",
    "403": "panaji, panjim, margao",
    "793": "shillong",
    "795": "imphal",
    "799": "agartala",
}
PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**{city: tuple(begins.split()) for begins, cities in _CITIES.items() for city in cities.split(", ")}, **STATES}
)


def fits_country(code: str, country: str) -> bool | None:
    """Whether a code is written as those of the country; None for one whose postcodes nobody knows here."""
    form = FORMS.get(country)
    return None if form is None else re.fullmatch(form, code.strip().upper()) is not None


def fits_place(code: str, country: str, place: str) -> bool | None:
    """Whether an Indian code is one of the town or state; None where that is not known."""
    begins = PLACES.get(re.sub(r"[.\s]+", " ", place.strip().lower())) if country == "IN" else None
    return None if begins is None else code.strip().startswith(begins)
