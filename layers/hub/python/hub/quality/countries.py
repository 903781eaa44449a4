"""Countries by ISO 3166 and currencies by ISO 4217, and the other ways in which people write them."""

import re
from collections.abc import Mapping
from types import MappingProxyType

# Two letters, three letters, names: what ISO lists, then what else is certain. Folded as in `forms.folded`.
_COUNTRIES = """
AD AND andorra; AE ARE united arab emirates, uae, emirates; AF AFG afghanistan; AG ATG antigua and barbuda
AI AIA anguilla; AL ALB albania; AM ARM armenia; AO AGO angola; AQ ATA antarctica; AR ARG argentina
AS ASM american samoa; AT AUT austria, österreich; AU AUS australia; AW ABW aruba; AX ALA åland islands, aland islands
AZ AZE azerbaijan; BA BIH bosnia and herzegovina, bosnia; BB BRB barbados; BD BGD bangladesh, বাংলাদেশ
BE BEL belgium, belgië, belgique; BF BFA burkina faso; BG BGR bulgaria; BH BHR bahrain; BI BDI burundi; BJ BEN benin
BL BLM saint barthélemy; BM BMU bermuda; BN BRN brunei darussalam, brunei; BO BOL bolivia; BQ BES bonaire
BR BRA brazil, brasil; BS BHS bahamas; BT BTN bhutan; BV BVT bouvet island; BW BWA botswana; BY BLR belarus
BZ BLZ belize; CA CAN canada; CC CCK cocos islands; CD COD democratic republic of the congo, dr congo
CF CAF central african republic; CG COG congo, republic of the congo; CH CHE switzerland, schweiz, suisse, svizzera
CI CIV côte d'ivoire, cote d'ivoire, ivory coast; CK COK cook islands; CL CHL chile; CM CMR cameroon
CN CHN china, people's republic of china, pr china; CO COL colombia; CR CRI costa rica; CU CUB cuba
CV CPV cabo verde, cape verde; CW CUW curaçao, curacao; CX CXR christmas island; CY CYP cyprus
CZ CZE czechia, czech republic; DE DEU germany, deutschland, ger; DJ DJI djibouti; DK DNK denmark, danmark
DM DMA dominica; DO DOM dominican republic; DZ DZA algeria; EC ECU ecuador; EE EST estonia; EG EGY egypt
EH ESH western sahara; ER ERI eritrea; ES ESP spain, españa; ET ETH ethiopia; FI FIN finland, suomi; FJ FJI fiji
FK FLK falkland islands; FM FSM micronesia; FO FRO faroe islands; FR FRA france; GA GAB gabon
GB GBR united kingdom, uk, great britain, britain, england, scotland, wales, northern ireland
GD GRD grenada; GE GEO georgia; GF GUF french guiana; GG GGY guernsey; GH GHA ghana; GI GIB gibraltar
GL GRL greenland; GM GMB gambia; GN GIN guinea; GP GLP guadeloupe; GQ GNQ equatorial guinea; GR GRC greece, hellas
GS SGS south georgia; GT GTM guatemala; GU GUM guam; GW GNB guinea-bissau; GY GUY guyana; HK HKG hong kong
HM HMD heard island; HN HND honduras; HR HRV croatia, hrvatska; HT HTI haiti; HU HUN hungary, magyarország
ID IDN indonesia; IE IRL ireland, republic of ireland, éire; IL ISR israel; IM IMN isle of man
IN IND india, bharat, republic of india, भारत; IO IOT british indian ocean territory; IQ IRQ iraq; IR IRN iran
IS ISL iceland; IT ITA italy, italia; JE JEY jersey; JM JAM jamaica; JO JOR jordan; JP JPN japan, 日本; KE KEN kenya
KG KGZ kyrgyzstan; KH KHM cambodia; KI KIR kiribati; KM COM comoros; KN KNA saint kitts and nevis
KP PRK north korea; KR KOR south korea, korea, republic of korea; KW KWT kuwait; KY CYM cayman islands
KZ KAZ kazakhstan; LA LAO laos; LB LBN lebanon; LC LCA saint lucia; LI LIE liechtenstein; LK LKA sri lanka, ceylon
LR LBR liberia; LS LSO lesotho; LT LTU lithuania; LU LUX luxembourg; LV LVA latvia; LY LBY libya; MA MAR morocco
MC MCO monaco; MD MDA moldova; ME MNE montenegro; MF MAF saint martin; MG MDG madagascar; MH MHL marshall islands
MK MKD north macedonia, macedonia; ML MLI mali; MM MMR myanmar, burma; MN MNG mongolia; MO MAC macao, macau
MP MNP northern mariana islands; MQ MTQ martinique; MR MRT mauritania; MS MSR montserrat; MT MLT malta
MU MUS mauritius; MV MDV maldives; MW MWI malawi; MX MEX mexico, méxico; MY MYS malaysia; MZ MOZ mozambique
NA NAM namibia; NC NCL new caledonia; NE NER niger; NF NFK norfolk island; NG NGA nigeria; NI NIC nicaragua
NL NLD netherlands, the netherlands, holland, nederland; NO NOR norway, norge; NP NPL nepal, नेपाल; NR NRU nauru
NU NIU niue; NZ NZL new zealand; OM OMN oman; PA PAN panama; PE PER peru; PF PYF french polynesia
PG PNG papua new guinea; PH PHL philippines, the philippines; PK PAK pakistan; PL POL poland, polska
PM SPM saint pierre and miquelon; PN PCN pitcairn; PR PRI puerto rico; PS PSE palestine; PT PRT portugal; PW PLW palau
PY PRY paraguay; QA QAT qatar; RE REU réunion, reunion; RO ROU romania; RS SRB serbia
RU RUS russia, russian federation; RW RWA rwanda; SA SAU saudi arabia, ksa; SB SLB solomon islands; SC SYC seychelles
SD SDN sudan; SE SWE sweden, sverige; SG SGP singapore; SH SHN saint helena; SI SVN slovenia; SJ SJM svalbard
SK SVK slovakia; SL SLE sierra leone; SM SMR san marino; SN SEN senegal; SO SOM somalia; SR SUR suriname
SS SSD south sudan; ST STP sao tome and principe; SV SLV el salvador; SX SXM sint maarten; SY SYR syria
SZ SWZ eswatini, swaziland; TC TCA turks and caicos islands; TD TCD chad; TF ATF french southern territories
TG TGO togo; TH THA thailand; TJ TJK tajikistan; TK TKL tokelau; TL TLS timor-leste, east timor; TM TKM turkmenistan
TN TUN tunisia; TO TON tonga; TR TUR türkiye, turkey, turkiye; TT TTO trinidad and tobago; TV TUV tuvalu
TW TWN taiwan; TZ TZA tanzania; UA UKR ukraine; UG UGA uganda; UM UMI united states minor outlying islands
US USA united states, united states of america, u s a, u s; UY URY uruguay; UZ UZB uzbekistan; VA VAT holy see, vatican
VC VCT saint vincent and the grenadines; VE VEN venezuela; VG VGB british virgin islands
VI VIR us virgin islands; VN VNM vietnam, viet nam; VU VUT vanuatu; WF WLF wallis and futuna; WS WSM samoa
YE YEM yemen; YT MYT mayotte; ZA ZAF south africa; ZM ZMB zambia; ZW ZWE zimbabwe
"""

# A sign that several currencies share ($, kr) means none of them.
_CURRENCIES = """
INR indian rupee, indian rupees, ₹; PKR pakistani rupee, pakistan rupee; LKR sri lankan rupee; NPR nepalese rupee
BDT taka, ৳; USD us dollar, us dollars, us$; CAD canadian dollar, ca$, c$; AUD australian dollar, a$, au$
NZD new zealand dollar, nz$; SGD singapore dollar, s$; HKD hong kong dollar, hk$; EUR euro, euros, €
GBP pound sterling, british pound, pounds sterling, £; CHF swiss franc, sfr; JPY japanese yen, yen
CNY renminbi, rmb, chinese yuan, yuan; KRW won, south korean won, ₩; THB baht, ฿; VND dong, ₫; IDR rupiah, rp
MYR ringgit, rm; PHP philippine peso, ₱; AED dirham, uae dirham, dh; SAR saudi riyal; QAR qatari riyal
KWD kuwaiti dinar; BHD bahraini dinar; OMR omani rial; ILS shekel, new shekel, ₪; TRY turkish lira, ₺
RUB russian rouble, russian ruble, ₽; UAH hryvnia, ₴; PLN zloty, zł; CZK czech koruna, kč; HUF forint, ft
RON romanian leu; BGN bulgarian lev; SEK swedish krona; NOK norwegian krone; DKK danish krone; ISK icelandic krona
BRL brazilian real, r$; MXN mexican peso, mx$; ARS argentine peso; CLP chilean peso; COP colombian peso; PEN sol
ZAR rand, south african rand; EGP egyptian pound; NGN naira, ₦; KES kenyan shilling, ksh; GHS cedi; MAD moroccan dirham
TND tunisian dinar; DZD algerian dinar; ETB birr; TZS tanzanian shilling; UGX ugandan shilling; MUR mauritian rupee
"""


def _lines(text: str) -> list[list[str]]:
    return [entry.strip().split(" ", 1) for entry in re.split(r"[;\n]", text) if entry.strip()]


def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, rest in _lines(_COUNTRIES):
        three, names = rest.split(" ", 1)
        found |= dict.fromkeys([code.lower(), three.lower(), *names.split(", ")], code)
    return found


def _currencies() -> dict[str, str]:
    return {each: code for code, names in _lines(_CURRENCIES) for each in [code.lower(), *names.split(", ")]}


# Spelling, folded -> the code.
COUNTRIES: Mapping[str, str] = MappingProxyType(_countries())
CURRENCIES: Mapping[str, str] = MappingProxyType(_currencies())
