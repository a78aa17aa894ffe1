"""Looks for secrets in what is about to be versioned: `python -m tools.leaks`.

Key files, private keys and tokens of well-known shape; everything else a review must see.
"""

import re
import subprocess
import sys

from tools import places
from tools.words import say

SHAPES = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{32}"
    rb"|\bAKIA[0-9A-Z]{16}\b"
    rb"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    rb"|\bgAAAAAB[A-Za-z0-9_-]{80,}"  # Keystone's tokens and our own sealed values
    rb"|\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"
)
NAMES = re.compile(r"(^|/)(secret\.key|\.env|id_(rsa|ed25519|ecdsa)|.*\.(pem|p12|kubeconfig))$")


def main() -> int:
    """Name every versioned file that seems to hold a secret."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=places.ROOT, capture_output=True, text=True, check=False
    )
    found = [name for name in listed.stdout.split("\0") if name and _leaks(name)]
    for name in found:
        say(f"{name}: looks like a secret; take it out, and replace the secret itself")
    return 1 if found else 0


def _leaks(name: str) -> bool:
    path = places.ROOT / name
    return bool(NAMES.search(name)) or (
        path.is_file() and SHAPES.search(path.read_bytes()) is not None
    )


if __name__ == "__main__":
    sys.exit(main())
