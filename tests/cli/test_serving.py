"""`guerdon serve` that cannot: a sentence with the remedy, and no traceback."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from guerdon.settings import Settings
from guerdon.wiring import prepare


def test_a_manifest_that_is_not_there_is_named(
    mongo_url: str, mongo_database: str, redis_url: str, tmp_path: Path
) -> None:
    asyncio.run(
        prepare(
            Settings.load(mongo_url=mongo_url, mongo_database=mongo_database, redis_url=redis_url)
        )
    )
    missing = tmp_path / "persisted.json"
    told = subprocess.run(
        [sys.executable, "-m", "guerdon", "serve"],
        env={
            **{name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")},
            "GUERDON_MONGO_URL": mongo_url,
            "GUERDON_MONGO_DATABASE": mongo_database,
            "GUERDON_REDIS_URL": redis_url,
            "GUERDON_DOCUMENTS_MEMBER": "trusted",
            "GUERDON_TRUSTED_DOCUMENTS": str(missing),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert told.returncode == 1
    assert f"The manifest of trusted documents {missing} cannot be read" in told.stderr
    assert "Traceback" not in told.stderr
