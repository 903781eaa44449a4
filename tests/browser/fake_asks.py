"""What the console asks about gaps: a customer without a birthday, asked once."""

from dataclasses import dataclass, field

from tests.browser.made_up import ASHA

ASK = {"field": "birth_date", "ask": "When is your birthday?"}


@dataclass
class Asks:
    asked: list = field(default_factory=list)

    def answer(self, what, query, body):
        if what == "gaps":
            at = (self.asked and "2026-11-22T05:00:00Z") or None
            return 200, {"customer_id": ASHA, "gaps": [{"field": "birth_date", "asked_at": at}]}
        met = body["interaction"] if body else query["interaction"][0]
        question = ASK if met == "call" and not self.asked else None
        if what == "prompts":
            self.asked.append(body)
        return 200, {"customer_id": ASHA, "interaction": met, "question": question}
