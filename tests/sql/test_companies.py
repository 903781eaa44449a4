"""Companies and who works there: what job titles mean, which spellings are one company, what is only suggested."""

from tests.sql.lake import entity_hub, staged
from tests.sql.test_models import needed

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
