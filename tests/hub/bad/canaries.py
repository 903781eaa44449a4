"""Values of a person that no message may hold."""

import re

PERSON, EMAIL, PHONE, WORD = "Asha Canary", "asha.canary@person.example", "+91 98123 45678", "canary-s3cret"
CANARY = re.compile(r"asha|canary|person\.example|98123|s3cret", re.IGNORECASE)
ROW = {"id": 1, "name": PERSON, "email": EMAIL}
