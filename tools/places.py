"""Where things are. Whatever is generated lives in `.venv`, `.web` and `var`, all unversioned."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
WEB = ROOT / ".web"
LOGS = ROOT / "var" / "logs"
"""Logs of installing and building; a portal's own log lies in its own `var`."""

OWN_FILES = 0o077
"""What is taken away from everybody else on files that a portal writes: all of it."""


def var() -> Path:
    """Return the folder of the portal's data, which a site may put elsewhere."""
    return Path(os.environ.get("MADANG_VAR") or ROOT / "var").resolve()


def with_tools(env: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment in which the virtual environment's programs come first."""
    result = dict(os.environ if env is None else env)
    result["PATH"] = f"{BIN}{os.pathsep}{result.get('PATH', os.defpath)}"
    result["VIRTUAL_ENV"] = str(VENV)
    result.pop("PYTHONHOME", None)
    return result
