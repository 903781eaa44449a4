"""Doubles of the applications in deployments/catalogue, after their public documentation: what each says.

Rows are made of the manifest's own columns; paging, filters, limits, errors and sign-in are the application's.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from hub.config import DataSet
from tests.hub.pulls.application import Application, Query, Row, Said, moment_of


class Salesforce(Application):
    """SOQL in `q`; a locator leads on, 2,000 rows apart in the original. A session ends after some requests."""

    secret = '{"client_id": "app", "client_secret": "app-secret"}'

    def begin(self) -> None:
        self.session, self.lasts = 0, 3

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if path == "/services/oauth2/token":
            if b"client_secret=app-secret" not in body:
                return 400, {"error": "invalid_client", "error_description": "invalid client credentials"}
            self.session, self.lasts = self.session + 1, 3
            return 200, {"access_token": f"session-{self.session}", "instance_url": self.url, "token_type": "Bearer"}
        if request.headers["Authorization"] != f"Bearer session-{self.session}" or not self.lasts:
            return 401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
        self.lasts -= 1
        if "q" in query:
            soql = re.search(r"FROM (\w+) WHERE SystemModstamp >= (\S+) ORDER BY SystemModstamp$", query["q"])
            if soql is None:
                return 400, [{"errorCode": "MALFORMED_QUERY", "message": "unexpected token"}]
            name, since, at = soql[1], soql[2], 0
        else:
            name, since, number = unquote(path).rpartition("/")[2].split("|")
            at = int(number)
        data_set = {"Contact": "contacts", "Opportunity": "opportunities", "Case": "cases"}[name]
        rows = self.since(data_set, moment_of(since))
        records = [
            {"attributes": {"type": name, "url": f"/services/data/v61.0/sobjects/{name}/{at}"}, **row.record}
            for row in rows[at : at + self.page]
        ]
        end = at + self.page
        answer = {"totalSize": len(rows), "done": end >= len(rows), "records": records}
        if end < len(rows):
            answer["nextRecordsUrl"] = f"/services/data/v61.0/queryAll/{name}|{since}|{end}"
        return 200, answer

    def moment(self, of: datetime, declared: str) -> str:
        return of.strftime("%Y-%m-%d" if declared == "date" else "%Y-%m-%dT%H:%M:%S.000+0000")


class HubSpot(Application):
    """A search that filters, sorts and pages, but not beyond a number of rows (10,000)."""

    secret = "token-1"
    page, most = 100, 300

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if request.headers["Authorization"] != "Bearer token-1":
            return 401, {"status": "error", "category": "INVALID_AUTHENTICATION"}
        asked = json.loads(body)
        condition = asked["filterGroups"][0]["filters"][0]
        if asked["sorts"] != [{"propertyName": condition["propertyName"], "direction": "ASCENDING"}]:
            return 400, {"status": "error", "category": "VALIDATION_ERROR"}
        at = int(asked.get("after", 0))
        if at + asked["limit"] > self.most:
            return 400, {"status": "error", "message": "paging beyond the limit", "category": "VALIDATION_ERROR"}
        rows = self.since(path.split("/")[4], datetime.fromtimestamp(int(condition["value"]) / 1000, UTC))
        end = at + asked["limit"]
        answer: dict[str, Any] = {"total": len(rows), "results": [self._whole(row) for row in rows[at:end]]}
        if end < len(rows):
            answer["paging"] = {"next": {"after": str(end), "link": "?after=" + str(end)}}
        return 200, answer

    @staticmethod
    def _whole(row: Row) -> dict[str, Any]:
        told = {"createdAt": "2024-05-01T00:00:00Z", "updatedAt": "2024-05-01T00:00:00Z", "archived": False}
        properties = {name: value if value is None else str(value) for name, value in row.record["properties"].items()}
        return {**row.record, **told, "properties": {**properties, "hs_object_id": row.record["id"]}}


class Zoho(Application):
    """Tokens of an hour, its own word before them, 204 for nothing and 304 for nothing new."""

    secret = '{"client_id": "1000.A", "client_secret": "app-secret", "refresh_token": "1000.r"}'

    def begin(self) -> None:
        self.token, self.lasts = 0, 3

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if path == "/oauth/v2/token":
            if parse_qs(body.decode()).get("refresh_token") != ["1000.r"]:
                return 200, {"error": "invalid_code"}
            self.token, self.lasts = self.token + 1, 3
            return 200, {"access_token": f"1000.t{self.token}", "expires_in": 3600, "token_type": "Bearer"}
        if request.headers["Authorization"] != f"Zoho-oauthtoken 1000.t{self.token}" or not self.lasts:
            return 401, {"code": "INVALID_TOKEN", "message": "invalid oauth token", "status": "error"}
        self.lasts -= 1
        if not query.get("fields"):
            return 400, {"code": "REQUIRED_PARAM_MISSING", "details": {"param": "fields"}}
        since = request.headers["If-Modified-Since"]
        name = path.rpartition("/")[2].lower()
        rows = self.since(name, datetime.fromisoformat(since) if since else None)
        if not rows:
            return (304 if since else 204), None
        at = int(query.get("page_token", "t0")[1:])
        end = at + min(self.page, int(query["per_page"]))
        more = end < len(rows)
        info = {"per_page": self.page, "count": len(rows[at:end]), "more_records": more}
        info |= {"next_page_token": f"t{end}" if more else None, "page_token_expiry": None}
        return 200, {"data": [row.record for row in rows[at:end]], "info": info}

    def moment(self, of: datetime, declared: str) -> str:
        here = of.astimezone(UTC) + timedelta(hours=5, minutes=30)
        return of.strftime("%Y-%m-%d") if declared == "date" else here.strftime("%Y-%m-%dT%H:%M:%S+05:30")


class ErpNext(Application):
    """Lists by doctype: fields, filters and order as JSON in the query, and pages by where they start."""

    secret = "token key:key-secret"

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if request.headers["Authorization"] != self.secret:
            return 401, {"exc_type": "AuthenticationError"}
        filters = {rule[0]: rule[2] for rule in json.loads(query.get("filters", "[]"))}
        name = {"Item": "items", "Payment Entry": f"{filters.get('party_type', '').lower()}_payments"}.get(
            doctype := unquote(path.rpartition("/")[2]), doctype.lower().replace(" ", "_") + "s"
        )
        if query["order_by"] != "creation asc":
            return 417, {"exc_type": "DataError"}
        changed = filters.get("modified")
        rows = self.since(name, moment_of(changed, "%Y-%m-%d %H:%M:%S") if changed else None)
        at = int(query["limit_start"])
        fields = json.loads(query["fields"])
        page = rows[at : at + int(query["limit_page_length"])]
        return 200, {"data": [{name: row.record[name] for name in fields} for row in page]}

    def moment(self, of: datetime, declared: str) -> str:
        return of.strftime("%Y-%m-%d" if declared == "date" else "%Y-%m-%d %H:%M:%S.000000")


class Sap(Application):
    """OData: version 2 in `d` with moments as /Date(…)/, version 4 with a relative link; the server sizes the pages."""

    secret = "COMM_USER:sap-password"
    SETS: Mapping[str, str] = {"A_BillingDocument": "invoices", "SalesOrder": "orders"}

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if request.headers["Authorization"] != f"Basic {base64.b64encode(self.secret.encode()).decode()}":
            return 401, {"error": {"code": "401"}}
        entity, rule = path.rpartition("/")[2], query["$filter"]
        if entity == "A_BusinessPartner":
            name = "suppliers" if rule.startswith("Supplier ne ''") else "customers"
        else:
            name = self.SETS[entity]
        told = re.search(r"ge (?:datetime'([^']+)'|(\S+Z))", rule)
        assert told, rule
        rows = self.since(name, moment_of(told[1], "%Y-%m-%dT%H:%M:%S") if told[1] else moment_of(told[2]))
        at = int(query.get("$skiptoken", 0))
        end = at + self.page
        link = urlencode({**query, "$skiptoken": end})
        records = [row.record for row in rows[at:end]]
        if entity == "SalesOrder":
            said: dict[str, Any] = {"@odata.context": "$metadata#SalesOrder", "@odata.count": len(rows)}
            if end < len(rows):
                said["@odata.nextLink"] = f"SalesOrder?{link}"
            return 200, {**said, "value": [{"@odata.etag": 'W/"1"', **each} for each in records]}
        said = {"__count": str(len(rows)), "results": [{"__metadata": {"type": entity}, **each} for each in records]}
        if end < len(rows):
            said["__next"] = f"{self.url}{path}?{link}"
        return 200, {"d": said}

    def row(self, rules: DataSet, number: int, changed: datetime) -> Row:
        odata = {column.source_name for column in rules.columns.values() if column.format == "odata"}
        made = super().row(rules, number, changed)
        for name in odata:
            moment = datetime.fromisoformat(made.record[name])
            day = moment.replace(hour=0, minute=0, second=0, tzinfo=UTC)
            made.record[name] = f"/Date({int(day.timestamp()) * 1000})/"
        return made


class Shopify(Application):
    """Pages by Link; with `page_info` no other filter may stand. GraphQL says when its points are spent."""

    secret = "shpat_0123456789abcdef"

    def begin(self) -> None:
        self.throttled = 1

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if request.headers["X-Shopify-Access-Token"] != self.secret:
            return 401, {"errors": "[API] Invalid API key or access token"}
        request.extra["X-Shopify-Shop-Api-Call-Limit"] = "32/40"
        if path.endswith("/graphql.json"):
            return 200, self._graphql(json.loads(body)["variables"])
        if "page_info" in query and set(query) - {"page_info", "limit", "fields"}:
            return 400, {"errors": "only limit and fields may stand beside page_info"}
        key = path.rpartition("/")[2].removesuffix(".json")
        lines = "line_items" in query.get("fields", "")
        where = json.loads(base64.urlsafe_b64decode(query["page_info"])) if "page_info" in query else {}
        since = where.get("since", query.get("updated_at_min"))
        rows = self.since("order_lines" if lines else key, datetime.fromisoformat(since) if since else None)
        at, size = where.get("at", 0), min(self.page, int(query["limit"]))
        if at + size < len(rows):
            place = base64.urlsafe_b64encode(json.dumps({"at": at + size, "since": since}).encode()).decode()
            kept = {"limit": query["limit"], "fields": query["fields"], "page_info": place}
            request.extra["Link"] = f'<{self.url}{path}?{urlencode(kept)}>; rel="next"'
        return 200, {key: [self._order(row, lines) for row in rows[at : at + size]]}

    @staticmethod
    def _order(row: Row, lines: bool) -> dict[str, Any]:
        if not lines:
            return row.record
        line = {name: value for name, value in row.record.items() if not name.startswith("order_")}
        return {
            "id": row.record["order_id"],
            "updated_at": row.record["order_updated_at"],
            "line_items": [line],
        }

    def _graphql(self, asked: Query) -> dict[str, Any]:
        if self.throttled:
            self.throttled -= 1
            return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
        found = re.fullmatch(r"updated_at:>='([^']+)'", asked.get("filter") or "")
        rows = self.since("products", datetime.fromisoformat(found[1]) if found else None)
        at = int(asked.get("after") or 0)
        end = at + self.page
        info = {"hasNextPage": end < len(rows), "endCursor": str(end) if rows else None}
        return {"data": {"products": {"nodes": [row.record for row in rows[at:end]], "pageInfo": info}}}


class WooCommerce(Application):
    """Pages by number; how many there are stands in headers. A page behind the last is empty."""

    secret = "ck_1:cs_1"

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if request.headers["Authorization"] != f"Basic {base64.b64encode(self.secret.encode()).decode()}":
            return 401, {"code": "woocommerce_rest_cannot_view"}
        name = path.rpartition("/")[2]
        lines = "line_items" in query["_fields"]
        if "modified_after" in query and (name == "customers" or query.get("dates_are_gmt") != "true"):
            return 400, {"code": "rest_invalid_param"}
        since = query.get("modified_after")
        rows = self.since("order_lines" if lines else name, moment_of(since, "%Y-%m-%dT%H:%M:%S") if since else None)
        size = min(int(query["per_page"]), 100)
        at = (int(query["page"]) - 1) * size
        request.extra |= {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // size))}
        return 200, [self._order(row, lines) for row in rows[at : at + size]]

    def moment(self, of: datetime, declared: str) -> str:
        return of.strftime("%Y-%m-%dT%H:%M:%S")

    @staticmethod
    def _order(row: Row, lines: bool) -> dict[str, Any]:
        if not lines:
            return row.record
        line = {name: value for name, value in row.record.items() if not name.startswith("order_")}
        told = {"id": row.record["order_id"], "date_modified_gmt": row.record["order_modified_at"]}
        return {**told, "line_items": [line]}


class Freshdesk(Application):
    """Pages by number up to a last one (300); without `updated_since` it gives the last 30 days of tickets."""

    secret = "key:X"
    most = 300

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if request.headers["Authorization"] != f"Basic {base64.b64encode(self.secret.encode()).decode()}":
            return 401, {"code": "invalid_credentials"}
        request.extra |= {"X-RateLimit-Total": "200", "X-RateLimit-Remaining": "150"}
        name = path.rpartition("/")[2]
        size, page = int(query["per_page"]), int(query["page"])
        if name == "tickets" and (page * size > self.most or "updated_since" not in query):
            return 400, {"description": "Validation failed", "errors": [{"field": "page", "code": "invalid_value"}]}
        since = query.get("updated_since", query.get("_updated_since"))
        rows = self.since(name, moment_of(since) if since else None)
        return 200, [row.record for row in rows[(page - 1) * size : page * size]]


class Meta(Application):
    """The token stands in the address, and in that of the next page. Refusals for now are 400 with a code."""

    secret = "EAAB0123456789abcdefghijklmn"

    def said(self, request: Any, path: str, query: Query, body: bytes) -> Said:
        if query.get("access_token") != self.secret:
            return 400, {"error": {"message": "Invalid OAuth access token.", "type": "OAuthException", "code": 190}}
        name = path.rpartition("/")[2]
        rules = json.loads(query.get("filtering", "[]"))
        since = datetime.fromtimestamp(rules[0]["value"], UTC) if rules else None
        rows = self.since(name, since)
        at = int(query.get("after", 0))
        end = at + min(self.page, int(query["limit"]))
        answer: dict[str, Any] = {"data": [row.record for row in rows[at:end]]}
        if rows[at:end]:
            answer["paging"] = {"cursors": {"before": str(at), "after": str(end)}}
            if end < len(rows):
                answer["paging"]["next"] = f"{self.url}{path}?{urlencode({**query, 'after': end})}"
        return 200, answer

    def moment(self, of: datetime, declared: str) -> str:
        return of.strftime("%Y-%m-%dT%H:%M:%S+0000")


APPLICATIONS: Mapping[str, type[Application]] = {
    "salesforce": Salesforce,
    "hubspot": HubSpot,
    "zoho_crm": Zoho,
    "erpnext": ErpNext,
    "sap_odata": Sap,
    "shopify": Shopify,
    "woocommerce": WooCommerce,
    "freshdesk": Freshdesk,
    "meta": Meta,
}
