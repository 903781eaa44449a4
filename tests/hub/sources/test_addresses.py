"""Which machines the hub talks to, whatever a name server says, and when it says something else the next time."""

import socket
import ssl
import threading

import pytest

from hub.sources import SourceError, addresses, wire
from hub.sources.http import Http, Request
from tests.hub.sources import double

META, PRIVATE, NOBODY = "link-local", "a private address", "no address of one machine"
NUMBERS = [
    ("93.184.216.34", None, None, "somewhere"),
    ("2606:4700:4700::1111", None, None, "somewhere, by IPv6"),
    ("127.0.0.1", PRIVATE, None, "loopback"),
    ("127.8.9.1", PRIVATE, None, "loopback, another"),
    ("::1", PRIVATE, None, "loopback by IPv6"),
    ("10.1.2.3", PRIVATE, None, "a data centre"),
    ("172.16.0.1", PRIVATE, None, "a data centre"),
    ("192.168.1.1", PRIVATE, None, "an office"),
    ("100.64.0.1", PRIVATE, None, "shared by a provider"),
    ("fd12:3456::1", PRIVATE, None, "a data centre by IPv6"),
    ("169.254.169.254", META, META, "the machine's rights"),
    ("169.254.170.2", META, META, "a container's rights"),
    ("fe80::1", META, META, "link-local by IPv6"),
    ("fe80::1%1", META, META, "link-local with its scope"),
    ("fd00:ec2::254", META, META, "the machine's rights by IPv6"),
    ("fd00:ec2::23", META, META, "a pod's rights"),
    ("::ffff:169.254.169.254", META, META, "IPv4 in IPv6"),
    ("::169.254.169.254", META, META, "IPv4 in IPv6, the old way"),
    ("64:ff9b::a9fe:a9fe", META, META, "IPv4 behind a translator"),
    ("2002:a9fe:a9fe::1", META, META, "IPv4 by 6to4"),
    ("2001:0:4136:e378:8000:63bf:5601:5601", META, META, "IPv4 by Teredo"),
    ("::ffff:127.0.0.1", PRIVATE, None, "loopback in IPv6"),
    ("0.0.0.0", NOBODY, NOBODY, "all of this machine"),
    ("::", NOBODY, NOBODY, "all of this machine by IPv6"),
    ("224.0.0.1", NOBODY, NOBODY, "a group"),
    ("ff02::1", NOBODY, NOBODY, "a group by IPv6"),
    ("255.255.255.255", NOBODY, NOBODY, "everybody"),
]


def resolver(*answers):
    """Name servers that say one answer after the other, the last for ever."""
    left = list(answers)

    def resolve(host, port, *_, **__):
        numbers = left.pop(0) if len(left) > 1 else left[0]
        families = [socket.AF_INET6 if ":" in number else socket.AF_INET for number in numbers]
        return [(family, 1, 6, "", (number, port)) for family, number in zip(families, numbers, strict=True)]

    return resolve


@pytest.mark.parametrize(("number", "by_name", "as_own", "why"), NUMBERS, ids=[each[3] for each in NUMBERS])
def test_numbers(monkeypatch, number, by_name, as_own, why):
    for own, refused in ((False, by_name), (True, as_own)):
        monkeypatch.setattr("hub.sources.addresses.socket.getaddrinfo", resolver([number]))
        if refused is None:
            assert addresses.checked("app.example", 443, own) == [number]
        else:
            with pytest.raises(SourceError, match=refused) as told:
                addresses.checked("app.example", 443, own)
            assert told.value.message.startswith("app.example is ")


def test_one_bad_number_among_good_ones(monkeypatch):
    monkeypatch.setattr("hub.sources.addresses.socket.getaddrinfo", resolver(["93.184.216.34", "169.254.169.254"]))
    with pytest.raises(SourceError, match=META):
        addresses.checked("app.example", 443, own=True)


OWN = [
    ("http://127.0.0.1:4570", True, "the laptop"),
    ("http://localhost:4570/api", False, "the laptop by its name, which may be changed"),
    ("https://10.0.0.8/erp", True, "a data centre"),
    ("http://[::1]:80", True, "IPv6"),
    ("https://app.example", False, "a name"),
    ("http://localhost.app.example", False, "a name that begins so"),
    ("http://2130706433/", False, "a number in disguise"),
    ("http://0x7f.1/", False, "another"),
    ("https://93.184.216.34/", False, "a number that is not in the house"),
    ("http://127.0.0.1@app.example/", False, "a user's name"),
]


@pytest.mark.parametrize(("url", "own", "why"), OWN, ids=[each[2] for each in OWN])
def test_what_is_meant_literally(url, own, why):
    assert addresses.is_own(url) is own


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    with double.serving(double.Api([])) as api:
        api.port = int(api.url.rpartition(":")[2])
        yield api


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0", "127.1"])
def test_numbers_in_disguise(api, host):
    with pytest.raises(SourceError, match="the hub does not connect there"):
        Http(f"http://{host}:{api.port}", {}, 5).ask(Request("/x"))
    assert api.asked == []


def test_a_name_that_leads_into_the_house(api, monkeypatch):
    monkeypatch.setattr("hub.sources.addresses.socket.getaddrinfo", resolver(["127.0.0.1"]))
    with pytest.raises(SourceError, match=r"app\.example is a private address, which only the manifest may name"):
        Http(f"http://app.example:{api.port}", {}, 5).ask(Request("/x"))
    assert api.asked == []


def test_a_name_that_changes_its_meaning_after_the_check(api, monkeypatch):
    """The first answer is allowed, the second is not: the connection is made to the number that was checked."""
    asked, connected = [], []
    resolve = resolver(["93.184.216.34"], ["127.0.0.1"])
    monkeypatch.setattr(
        "hub.sources.addresses.socket.getaddrinfo", lambda *given, **more: asked.append(given[0]) or resolve(*given)
    )

    def create(address, *_, **__):
        connected.append(address)
        return socket.socket.connect(made := socket.socket(), ("127.0.0.1", api.port)) or made

    monkeypatch.setattr("urllib3.util.connection.create_connection", create)
    Http(f"http://app.example:{api.port}", {}, 5).ask(Request("/x"))
    assert (asked, connected) == (["app.example"], [("93.184.216.34", api.port)])
    assert api.heads[0]["Host"] == f"app.example:{api.port}"


def test_the_next_number_where_the_first_does_not_answer(api, monkeypatch):
    monkeypatch.setattr("hub.sources.addresses.socket.getaddrinfo", resolver(["127.0.0.2", "127.0.0.1"]))
    assert Http(f"http://app.example:{api.port}", {}, 5, own=True).ask(Request("/x")).value["items"] == []


@pytest.mark.parametrize("error", [socket.gaierror(-2, "not known"), UnicodeError("label too long")])
def test_a_name_that_nobody_knows(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("hub.sources.http.time.sleep", lambda seconds: None)
    monkeypatch.setattr("hub.sources.addresses.socket.getaddrinfo", fail)
    with pytest.raises(SourceError, match="GET /x: cannot be reached, 5 times"):
        Http("https://app.example", {}, 5).ask(Request("/x"))


def test_the_certificate_is_asked_for_by_name(monkeypatch):
    names = []

    class Context(ssl.SSLContext):
        def wrap_socket(self, *_, server_hostname=None, **__):
            names.append(server_hostname)
            raise ssl.SSLError("enough")

    monkeypatch.setattr("hub.sources.addresses.socket.getaddrinfo", resolver(["93.184.216.34"]))
    monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *_, **__: socket.socket())
    pool = wire.pool("https://app.example", own=False, ssl_context=Context(ssl.PROTOCOL_TLS_CLIENT), retries=False)
    with pytest.raises(Exception, match="enough"):
        pool.urlopen("GET", "/")
    assert names == ["app.example"]


def test_redirects_are_not_followed(api):
    for code in (301, 302, 303, 307, 308):
        api.always = double.status(code, Location=f"{api.url}/elsewhere")
        with pytest.raises(SourceError, match="sends elsewhere"):
            Http(api.url, {"Authorization": "Bearer abc"}, 5).ask(Request("/x"))
    assert len(api.asked) == 5


def test_headers_that_drip(api, monkeypatch):
    """Each byte comes within the time-out, the answer never."""
    monkeypatch.setattr(wire, "LONGEST_EXCHANGE", 0.2)
    monkeypatch.setattr("hub.sources.http.ATTEMPTS", 1)

    def drip(request, body):
        request.close_connection = True
        try:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(40):
                request.wfile.write(b"a" * 9000 + b"\r\nX: ")
                threading.Event().wait(0.02)
        except OSError:
            pass

    api.always = drip
    with pytest.raises(SourceError, match="did not answer in time"):
        Http(api.url, {}, 5).ask(Request("/x"))


def test_a_token_is_not_fetched_inside_for_an_application_outside(monkeypatch):
    from hub.config.connections import RestAuthentication
    from hub.sources.authentication import signer

    rules = RestAuthentication(kind="client_credentials", secret="/s", token_url="http://127.0.0.1:1/token")
    signs = signer(rules, '{"client_id": "a", "client_secret": "b"}', "https://app.example", 5)
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 is a private address"):
        signs.headers()
