"""What the console asks about verifications: a value each by a code and by two persons."""

from dataclasses import dataclass, field

from tests.browser.made_up import ASHA

OTP = "v20261122t050000aaaaaa"
TASK = "v20261122t050001bbbbbb"


def made(verification_id, name, method):
    return {
        "verification_id": verification_id, "customer_id": ASHA, "field": name, "method": method, "state": "pending",
        "created_by": "u", "created_at": "2026-11-22T05:00:00Z", "until": None, "assigned_to": None,
        "decisions": [], "evidence": [],
    }  # fmt: skip


@dataclass
class Checks:
    kept: dict = field(default_factory=lambda: {TASK: made(TASK, "phone", "person")})

    def answer(self, method, parts, query, body):
        match parts:
            case ["customers", _, "verifications"]:
                email = self.kept.get(OTP)
                states = [("email", email["state"] if email else "unverified"), ("phone", self.kept[TASK]["state"])]
                ids = {"email": OTP, "phone": TASK}
                return 200, {"items": [
                    {"field": name, "state": state, "method": None, "at": None, "verification_id": ids[name]}
                    for name, state in states
                ], "next": None}  # fmt: skip
            case ["verifications"] if method == "GET":
                return 200, {"items": [each for each in self.kept.values() if each["state"] == "pending"], "next": None}
            case ["verifications"]:
                self.kept[OTP] = made(OTP, body["field"], body["method"])
                return 201, self.kept[OTP]
            case ["verifications", one, "code"]:
                if body["code"] != "123456":
                    return 422, {"error": {"code": "invalid_input", "message": "This is not the code", "details": None}}
                self.kept[one] |= {"state": "verified"}
            case ["verifications", one, "assign"]:
                self.kept[one] |= {"assigned_to": "u"}
            case ["verifications", one, "decide"]:
                self.kept[one]["decisions"].append(body | {"by": "u", "at": "2026-11-22T05:00:00Z"})
        return 200, self.kept[parts[1]]
