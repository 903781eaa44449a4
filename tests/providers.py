"""Doubles of the services that send: they remember what they took, and fail as they are told to by the address."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class SesDouble:
    """Takes messages as SES does; the local part of an address says how it behaves."""

    accepted: list[dict] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def __post_init__(self):
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = double.take(body)
                if status == 0:
                    self.close_connection = True
                    return
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                if status >= 400:
                    self.send_header("x-amzn-errortype", answer["code"])
                self.end_headers()
                self.wfile.write(text)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def take(self, body):
        """The status and the answer; status 0 closes the connection without one."""
        (address,) = body["Destination"]["ToAddresses"]
        kind = address.partition(".")[0]
        if kind == "reject":
            return 400, {"code": "MessageRejected", "message": "no"}
        if kind == "busy":
            return 429, {"code": "TooManyRequestsException", "message": "later"}
        if kind == "paused":
            return 400, {"code": "SendingPausedException", "message": "no"}
        self.accepted.append(body)
        if kind == "lost":
            return 0, {}
        if kind == "fell":
            return 500, {"code": "InternalFailure", "message": "oh"}
        return 200, {"MessageId": f"id-{len(self.accepted)}"}

    @property
    def by_address(self):
        return Counter(body["Destination"]["ToAddresses"][0] for body in self.accepted)


ENDINGS = {  # of a number: the status and the error, or 0 for no answer at all
    "97": (400, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
    "96": (400, "ThrottlingException", None),
    "95": (400, "ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
    "94": (400, "ValidationException", "INVALID_PARAMETER"),
    "99": (0, None, None),
    "98": (500, "InternalServerException", None),
}
TAKEN = ("98", "99")
"""These took the text before they failed."""


@dataclass
class SmsDouble(SesDouble):
    """Takes texts as End User Messaging does; the last two digits of a number say how it behaves."""

    def take(self, body):
        ending = body["DestinationPhoneNumber"][-2:]
        if ending in TAKEN or ending not in ENDINGS:
            self.accepted.append(body)
        if ending not in ENDINGS:
            return 200, {"MessageId": f"sms-{len(self.accepted)}"}
        status, code, reason = ENDINGS[ending]
        return status, {"__type": code, "code": code, "Message": f"{body['DestinationPhoneNumber']}: no"} | (
            {"Reason": reason} if reason else {}
        )

    @property
    def by_address(self):
        return Counter(body["DestinationPhoneNumber"] for body in self.accepted)
