"""A business taken out here and brought in there is the same business, and works."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.archive.elsewhere import Installation
from tests.archive.full import Full


def test_it_works(archive: Path, elsewhere: Installation, full: Full) -> None:
    with zipfile.ZipFile(archive) as z:
        for i in z.infolist():
            print(i.filename, i.file_size)
        print(z.read("manifest.json").decode()[:3000])
        print(z.read("csv/signin.provider.csv"), z.read("data/mfa.authenticator.jsonl"))
    ran = elsewhere.run("import_business", str(archive), "--host", "acme.localhost")
    print(ran.out, ran.err)
    assert ran.status == 0
    assert 0
