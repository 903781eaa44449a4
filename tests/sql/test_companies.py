"""Companies and who works there: what job titles mean, which spellings are one company, what is only suggested."""

from hub import aws
from tests.sql.lake import entity_hub, staged
from tests.sql.test_models import needed
from tests.sql.test_profiles import load
from tests.stores import create_table

TITLES = {  # position, level, role in buying -> what people write
    ("Purchasing Manager", "manager", "buyer"): ["Purchase Manager", "Mgr. Procurement", "MANAGER (SOURCING)"],
    ("Chief Executive Officer", "executive", "decision_maker"): ["C.E.O.", "M.D.", "Managing Director & CEO"],
    ("IT Manager", "manager", "evaluator"): ["IT Manager", "manager - information technology", "I.T. Mgr"],
    ("Executive Assistant", "staff", "gatekeeper"): ["Secretary to the Chairman", "P.A. to MD", "Exec. Assistant"],
    ("Finance Head", "head", "approver"): ["Head of Finance", "Leiter Finanzen", "HOD Accounts"],
    (None, None, None): ["Astronaut", "Itinerant"],  # nobody knows these words: unknown, not guessed
}


def test_synonyms_of_a_job_are_one_title_and_the_raw_text_stays(make_lake):
    given = [(title, told) for told, titles in TITLES.items() for title in titles]
    lake = make_lake(entity_hub(), tables=needed("reporting.customer"))
    rows = [{"record_key": f"r{at}", "full_name": f"N{at}", "job_title": title} for at, (title, _) in enumerate(given)]
    lake.pull("crm", "customer", [staged("customer", row) for row in rows])
    lake.run()
    raw = dict(lake.rows("vault.customer", ["customer_id", "job_title"]))
    assert sorted(raw.values()) == sorted(title for title, _ in given)
    columns = ["customer_id", "job_position", "job_level", "buying_role"]
    found = {raw[row[0]]: row[1:] for row in lake.rows("reporting.customer", columns)}
    assert found == dict(given)


NAMES = (
    "Bharat Textiles Pvt. Ltd.", "Infosys Limited", "Tata Consultancy Services", "Mahindra Logistics",
    "Godrej Industries", "Larsen & Toubro", "Hindustan Unilever",
    "Nestle India", "Marico", "Dabur", "Wipro Technologies", "Asian Paints",
    "Kirloskar Brothers", "Deccan Engineering Works", "Müller & Söhne GmbH", "Northwind Traders", "Crompton Greaves",
    "Ashok Leyland", "Bajaj Auto", "Voltas",
)  # fmt: skip


def spoilt(name: str) -> dict[str, list[str]]:
    """Misspellings of a name by what befell it: each is one that a person writes."""
    bare = name.replace(" Pvt. Ltd.", "").replace(" Limited", "").replace(" GmbH", "")
    middle = len(bare) // 2
    while not bare[middle - 1 : middle + 1].isalpha() or bare[middle - 1] == bare[middle]:
        middle += 1
    return {
        "form at law": [f"{bare} Ltd", f"{bare} Private Limited", f"The {bare} Co."],
        "case and space": [name.upper(), f"  {name.lower()} ", bare.replace(" ", "  ")],
        "letter left out": [bare[:middle] + bare[middle + 1 :], bare[:-1]],
        "letter twice": [bare[:middle] + bare[middle] + bare[middle:]],
        "letter wrong": [bare[:middle] + "q" + bare[middle + 1 :]],
        "letters swapped": [bare[: middle - 1] + bare[middle] + bare[middle - 1] + bare[middle + 1 :]],
    }


MAPPED = {"form at law", "case and space"}


def test_misspelt_companies_are_mapped_or_queued_and_never_changed(make_lake):
    """95 of 100 at least are the same company or suggested as it; what is no more than alike stays its own company."""
    cases = [(name, what, each) for name in NAMES for what, some in spoilt(name).items() for each in some]
    cases = [(name, what, each) for name, what, each in cases if each != name]
    lake = make_lake(entity_hub(), tables=needed("reporting.company"))
    people = [name for name in NAMES for _ in range(3)] + [each for _, _, each in cases]
    rows = [{"record_key": f"r{at}", "full_name": f"N{at}", "company": each} for at, each in enumerate(people)]
    lake.pull("crm", "customer", [staged("customer", row) for row in rows])
    lake.run()
    found = lake.rows("reporting.company", ["company_id", "spellings", "similar_to"])
    of = {spelling: company_id for company_id, spellings, _ in found for spelling in (spellings or "").split("\n")}
    similar = {company_id: other for company_id, _, other in found}
    lost = []
    for name, what, each in cases:
        mapped = of[each] == of[name]
        assert mapped or what not in MAPPED, f"{each!r} is {name!r} in another spelling"
        if not mapped and similar[of[each]] not in (of[name], *(of[other] for own, _, other in cases if own == name)):
            lost.append((name, each))
    wrong = [each for name, what, each in cases if what not in MAPPED and of[each] == of[name]]
    assert wrong == [], "changed without anybody's word"
    assert len(lost) <= 0.05 * len(cases), lost


def test_one_company_with_seven_contacts_and_their_roles(make_lake):
    """Two sources name it in four spellings; two records are one person."""
    contacts = {
        "k1": ("Asha Rao", "Leaf & Jar Exports Pvt. Ltd.", "Managing Director", "decision_maker"),
        "k2": ("Ravi Iyer", "LEAF AND JAR EXPORTS PVT LTD", "Purchase Mgr.", "buyer"),
        "k3": ("Meera Nair", "Leaf & Jar Exports", "C.F.O.", "approver"),
        "k4": ("Tom Paul", "Leaf & Jar Exports Pvt. Ltd.", "IT Manager", "evaluator"),
        "k5": ("Uma Devi", "Leaf and Jar Exports Private Limited", "Secretary", "gatekeeper"),
        "k6": ("Zoe Zak", "Leaf & Jar Exports Pvt. Ltd.", "Warehouse Assistant", "user"),
        "k7": ("Yan Yak", "The Leaf & Jar Exports", "Keeper of jars", None),
    }
    lake = make_lake(entity_hub({"crm": 80, "shop": 50}), tables=needed("reporting.company") | {"reporting.customer"})
    rows = [
        {"record_key": key, "full_name": name, "company": company, "job_title": job, "email_standard": f"{key}@x.in"}
        for key, (name, company, job, _) in contacts.items()
    ]
    lake.pull("crm", "customer", [staged("customer", row) for row in rows])
    again = {"record_key": "s1", "full_name": "Asha Rao", "company": "Leaf n Jar", "email_standard": "k1@x.in"}
    lake.pull("shop", "customer", [staged("customer", again)])
    lake.run()
    ((company_id, name, count),) = lake.rows("reporting.company", ["company_id", "name", "contacts"])
    assert (name, count) == ("Leaf & Jar Exports Pvt. Ltd.", "7")
    names = dict(lake.rows("vault.customer", ["customer_id", "full_name"]))
    people = lake.rows("reporting.customer", ["customer_id", "company_id", "buying_role"])
    assert {names[who]: (works_at, role) for who, works_at, role in people} == {
        name: (company_id, role) for name, _, _, role in contacts.values()
    }


def test_profiles_hold_companies_and_their_people_as_released(make_lake):
    """A contact who moves leaves one company and stands in the other; a company that nobody names any more goes."""
    tables = needed("reporting.company") | needed("vault.customer_redirect")
    tables |= {"reporting.customer", "reporting.customer_key", "reporting.interaction"}
    lake = make_lake(entity_hub(), tables=tables)
    create_table(aws.client("dynamodb"), "profiles-of-companies")

    def works_at(number, **companies):
        rows = [{"record_key": key, "full_name": key, "company": company} for key, company in companies.items()]
        moment = f"2026-01-0{number} 00:00:00"
        lake.pull("crm", "customer", [staged("customer", {**row, "changed_at": moment}) for row in rows])
        return load(lake, "profiles-of-companies", lake.run()).companies

    def held(items):
        companies, _ = items.named("", similar=False, limit=10, after=None)
        return {each["name"]: len(items.contacts(each["company_id"])) for each in companies}

    assert held(works_at(1, k1="Leaf & Jar", k2="Leaf & Jar Ltd", k3="Tin Pot")) == {"Leaf & Jar": 2, "Tin Pot": 1}
    assert held(works_at(2, k3="Leaf and Jar Ltd")) == {"Leaf & Jar": 3}
    items = works_at(3, k1="Tin Pot")
    assert held(items) == {"Leaf & Jar Ltd": 2, "Tin Pot": 1}, "named as most of its people write it"
