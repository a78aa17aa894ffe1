"""Rules about secrets: not in the browser, not in the log."""

import ast
import re
from collections.abc import Iterator

from .rules_states import states_in
from .sources import Found, Source, dataclasses, field_of, public, rule

SECRET = re.compile(r"(^|_)(tokens?|passwords?|passphrases?|secrets?|keys?|credentials?)(_|$)")
SHOWN_SECRET = re.compile(r"(^|_)(token|password|passphrase|secret|private_key|credential)(_|$)")
NEVER_LOGGED = re.compile(r"(^|_)(token|password|passphrase|secret|private_key)$")


@rule(
    "cloud_app/*.py",
    bites="""
class PageState(rx.State):
    api_token: str = ""
""",
    fine="""
class PageState(rx.State):
    _api_token: str = ""
    keyboard: bool = False
""",
)
def public_vars_hold_no_secrets(source: Source) -> Iterator[Found]:
    """Every var without an underscore is sent to the browser, shown or not."""
    for state in states_in(source):
        for node in state.body:
            name = field_of(node)
            if name and public(name) and SECRET.search(name):
                yield Found(node.lineno, f"{state.name}.{name}", "sounds like a secret")


@rule(
    "cloud_app/state/*.py",
    bites="""
@dataclass(frozen=True)
class LoginView:
    token: str
""",
    excused={
        "cloud_app/state/login.py::DemoLogin.password": "the practice campus's log-ins are told",
    },
)
def views_hold_no_secrets(source: Source) -> Iterator[Found]:
    """What is in a view is in the browser."""
    for value in dataclasses(source):
        for node in value.body:
            name = field_of(node)
            if name and SHOWN_SECRET.search(name):
                yield Found(node.lineno, f"{value.name}.{name}", "sounds like a secret")


@rule(
    "cloud_app/*.py",
    bites="""
@dataclass(frozen=True)
class SignedIn:
    token: str
""",
    fine="""
@dataclass(frozen=True)
class SignedIn:
    token: str = field(repr=False)
    wrong_password: ClassVar[str] = ""
""",
    excused={"cloud_app/state/login.py": "the practice campus's log-ins are told to everybody"},
)
def secrets_stay_out_of_repr(source: Source) -> Iterator[Found]:
    """A value with a secret in its `repr` ends up in a log line or a traceback."""
    for value in dataclasses(source):
        for node in value.body:
            name = field_of(node)
            if not isinstance(node, ast.AnnAssign) or not name or not NEVER_LOGGED.search(name):
                continue
            said = ast.unparse(node)
            if "repr=False" not in said and "ClassVar" not in said and ": bool" not in said:
                yield Found(node.lineno, f"{value.name}.{name}", "needs field(repr=False)")
