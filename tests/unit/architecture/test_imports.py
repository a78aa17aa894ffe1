"""Importing is silent: a module that does something when it is read does it everywhere."""

import os
import subprocess
import sys
from pathlib import Path

from .sources import ROOT, sources

THE_APP = "cloud_app/cloud_app.py"
"""Makes the app when it is imported, and Reflex a folder with it: that is what it is for."""
IMPORT_ALL = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


def test_importing_writes_nothing_and_says_nothing(tmp_path: Path):
    """It would also happen in the build, in every test and in every worker."""
    modules = [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in sources()
        if path.startswith("cloud_app/") and path.endswith(".py") and path != THE_APP
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}

    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules],
        env=env | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
