import json, sqlite3, time, math, io, gzip
import boto3, pytest, logging
import pyarrow as pa, pyarrow.parquet as pq
from decimal import Decimal
from datetime import datetime, timedelta, date, time as dtime
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import *
from tests.hub.sources import double

@pytest.fixture(autouse=True)
def impatient(monkeypatch): monkeypatch.setattr("hub.sources.http.time.sleep", lambda s: None)

def report(name, bench, ds):
    try:
        p = bench.pull(ds)
    except Exception as e:
        import traceback; tb=traceback.extract_tb(e.__traceback__)[-1]
        p = bench.engine.store.newest_first(limit=1)[0]
        print(f"\n!!! {name}: CRASH {type(e).__name__}: {str(e)[:150]} at {tb.filename[-40:]}:{tb.lineno} -> {p.state} {p.error}")
        return p
    bal = p.received == p.staged+p.duplicate+p.quarantined+p.filtered
    print(f"\n{'   ' if bal else '!!!'} {name}: {p.state} r={p.received} s={p.staged} d={p.duplicate} q={p.quarantined} f={p.filtered} decl={p.declared_by_source} | {p.error or p.reason or ''} | rules={p.rules} new={p.new_fields} warned={p.warned}")
    return p

C="crm.contacts"
def body(items, **more): return json.dumps({"items": items, "next_cursor": None, "total": len(items), **more})
def rows(n=30): return [manifests.contact(i) for i in range(n)]
REST=[
 ("null answer", "null"), ("string answer", '"x"'), ("empty body",""), ("items null", '{"items":null}'), ("items object",'{"items":{"a":1}}'),
 ("null records", body(rows()[:25]+[None]*3)), ("nested junk", body(rows()[:25]+[{"contact_id":"X1","full_name":{"a":[1,{"b":None}]},"updated_at":"2024-05-01"}])),
 ("huge int id", body(rows()[:25]).replace('"C0001"','123456789012345678901234567890')),
 ("huge int extra", body([{**r,"big":1} for r in rows()[:25]]).replace('"big": 1','"big": 123456789012345678901234567890')),
 ("huge int nested", body([{**r,"full_name":{"big":1}} for r in rows()[:25]]).replace('"big": 1','"big": 123456789012345678901234567890')),
 ("long decimal id", body(rows()[:25]).replace('"C0001"','12345678901234567.891')),
 ("NaN", body(rows()[:25]).replace('"age": 21','"age": NaN')), ("Infinity", body(rows()[:25]).replace('"age": 21','"age": Infinity')), ("1e400", body(rows()[:25]).replace('"age": 21','"age": 1e400')),
 ("age 1e3", body(rows()[:25]).replace('"age": 21','"age": 2.1e1')),
 ("lone surrogate", body(rows()[:25]).replace('Name 1"','Name \\ud800"')),
 ("nul char", body(rows()[:25]).replace('Name 1"','Name \\u0000"')), 
 ("duplicate json keys", body(rows()[:25]).replace('"age": 21','"age": 21, "age": 22')),
 ("BOM", "\ufeff"+body(rows()[:25])), ("two docs", body(rows())+"\n{}"),
 ("all type change age text", body([{**r,"age":"old"} for r in rows()])),
 ("age as string numbers", body([{**r,"age":str(r["age"])} for r in rows()])),
 ("id becomes int", body([{**r,"contact_id":i} for i,r in enumerate(rows())])),
 ("id bool", body([{**r,"contact_id":True} for i,r in enumerate(rows())])),
 ("ids empty", body([{**r,"contact_id":""} for i,r in enumerate(rows())])),
 ("dates year 1 +05", body([{**r,"updated_at":"0001-01-01T00:00:00+05:00"} for r in rows()])),
 ("dates year 9999 -05", body([{**r,"updated_at":"9999-12-31T23:59:59-05:00"} for r in rows()])),
 ("dates year 10000", body([{**r,"updated_at":"10000-12-31T23:59:59Z"} for r in rows()])),
 ("date with hour 24", body([{**r,"updated_at":"2024-05-01T24:00:00Z"} for r in rows()])),
 ("date epoch int", body([{**r,"updated_at":1714521600} for r in rows()])),
 ("date offset weird", body([{**r,"updated_at":"2024-05-01T00:00:00+99:99"} for r in rows()])),
 ("date offset hh", body([{**r,"updated_at":"2024-05-01T00:00:00+05"} for r in rows()])),
 ("date lower t z", body([{**r,"updated_at":"2024-05-01t00:00:00z"} for r in rows()])),
 ("field named _extra", body([{**r,"_extra":"x","_origin":1,"_row":5,"":7} for r in rows()])),
 ("10k deep nesting", body(rows()[:25]).replace('"age": 21','"age": '+'['*5000+']'*5000)),
 ("total negative", body(rows(),total=-1)), ("total float", body(rows(),total=30.0)), ("total text", body(rows(),total="30")), ("total bigger", body(rows(),total=31)), ("total smaller", body(rows(),total=29)), ("total null", body(rows(),total=None)),
 ("0 rows", body([])),
 ("100 fields new per row", body([{**r, **{f"n{i}_{j}":1 for j in range(100)}} for i,r in enumerate(rows())])),
 ("email-keyed fields", body([{**r, f"p{i}@example.com": 1} for i,r in enumerate(rows())])),
 ("giant string", body([{**r,"full_name":"x"*3_000_000} for r in rows()[:3]])),
 ("all same row", body([rows()[0]]*30)),
]
@pytest.mark.parametrize("name,text",REST,ids=[r[0] for r in REST])
def test_rest(bench,deployment,name,text):
    with double.serving(double.Api([])) as api:
        api.always=double.says(text)
        b=bench(deployment(crm=manifests.crm(api.url)))
        report(name,b,C)
        if name in("total float",): 
            report(name+" again",b,C)
def test_invalid_utf8(bench,deployment):
    with double.serving(double.Api([])) as api:
        api.always=lambda r,b: double._send(r,200,body(rows()).encode().replace(b"Name 1\"",b"Name \xff\""))
        report("invalid utf8",bench(deployment(crm=manifests.crm(api.url))),C)
        api.always=lambda r,b: double._send(r,200,body([{**x,"full_name":"Jos\u00e9"} for x in rows()],).encode("utf-16"))
        report("utf-16",bench(deployment(crm=manifests.crm(api.url))),C)
@pytest.mark.parametrize("code,h",[(301,{"Location":"http://127.0.0.1:1/x"}),(302,{"Location":"/login"}),(307,{}),(204,{}),(206,{}),(400,{}),(403,{}),(405,{}),(410,{}),(422,{}),(418,{}),(503,{"Retry_After":"9999"}),(503,{"Retry_After":"x"}),(429,{"Retry_After":"-5"}),(429,{"Retry_After":"1.5"}),(511,{}),(599,{})])
def test_status(bench,deployment,code,h):
    with double.serving(double.Api(rows())) as api:
        api.always=double.status(code,**h)
        report(f"status {code} {h}",bench(deployment(crm=manifests.crm(api.url))),C)
def test_status_0_gzip(bench,deployment):
    with double.serving(double.Api(rows())) as api:
        api.always=lambda r,b: double._send(r,200,b,Content_Encoding="gzip")
        report("gzip lie",bench(deployment(crm=manifests.crm(api.url))),C)
    def junk(r,b): r.wfile.write(b"\x00\x01garbage\r\n\r\n"); r.close_connection=True
    with double.serving(double.Api(rows())) as api:
        api.always=junk
        report("not http",bench(deployment(crm=manifests.crm(api.url))),C)
    report("port closed",bench(deployment(crm=manifests.crm("http://127.0.0.1:1"))),C)
    report("no such host",bench(deployment(crm=manifests.crm("http://nowhere.invalid"))),C)
    report("https on http",bench(deployment(crm=manifests.crm("https://127.0.0.1:1"))),C)
def test_cursor_loop(bench,deployment):
    with double.serving(double.Api(rows(60))) as api:
        n=[0]
        def loop(r,b):
            n[0]+=1
            if n[0]>300: return double.status(418)(r,b)
            from urllib.parse import parse_qs,urlsplit
            c=parse_qs(urlsplit(r.path).query).get("cursor",["0"])[0]
            d=json.loads(b); d["next_cursor"]={"0":"10","10":"20","20":"30"}.get(c,"10"); d["total"]=None; double._send(r,200,json.dumps(d).encode())
        api.always=loop
        report("cursor loop of 3",bench(deployment(crm=manifests.crm(api.url))),C); print("asked",n[0])
    with double.serving(double.Api(rows(60))) as api:
        n=[0]
        def same(r,b):
            n[0]+=1
            if n[0]>300: return double.status(418)(r,b)
            double._send(r,200,json.dumps({"items":rows(10),"served":n[0]}).encode())
        api.always=same
        report("page ignored, stamp differs",bench(deployment(crm=manifests.crm(api.url,manifests.PAGE))),C); print("asked",n[0])
    with double.serving(double.Api(rows(60))) as api:
        api.total=lambda c: 20
        report("total lies low at page end",bench(deployment(crm=manifests.crm(api.url,manifests.PAGE))),C)
def test_drip(bench,deployment,monkeypatch):
    with double.serving(double.Api(rows())) as api:
        def drip(r,b):
            r.send_response(200); r.send_header("Content-Length",str(len(b))); r.end_headers()
            try:
                for i in range(12): r.wfile.write(b[i:i+1]); r.wfile.flush(); time.monotonic(); __import__("threading").Event().wait(0.5)
            except OSError: pass
            r.close_connection=True
        api.always=drip
        t=time.time()
        text=manifests.crm(api.url).replace("authentication:","timeout: 1 second\n  authentication:")
        report("drip",bench(deployment(crm=text)),C); print("took",time.time()-t)
