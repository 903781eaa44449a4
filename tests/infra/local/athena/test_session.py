"""The engine's own database: what it needs beside its memory is gone with it."""

from pathlib import Path

from infra.local.athena.duckdb_session import Session


def test_what_does_not_fit_the_memory_is_put_beside_and_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Session(threads=1, memory="30MB") as session:
        cursor = session.cursor()
        (folder,) = cursor.execute("select current_setting('temp_directory')").fetchone()
        cursor.execute("create table spilt as select md5(cast(i as varchar)) as a from range(1500000) as t (i)")
        assert any(each.stat().st_size for each in Path(folder).iterdir()), "nothing was spilt: ask for more"
    assert not Path(folder).exists()
    assert list(tmp_path.iterdir()) == []
