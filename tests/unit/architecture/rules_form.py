"""Rules about form: sizes, names, docstrings, and what must never be written into a file."""

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from .sources import Found, Function, Source, called, public, rule

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
MOST_METHODS = 10
MOST_POSITIONAL = 5
CODE = ("cloud_app/*.py", "tools/*.py", "tests/*.py", "bench/*.py", "rxconfig.py", "alembic/env.py")
EXCUSE = "longer than"
"""A file over the limits says why, in a sentence of its docstring with these words."""


@rule(*CODE, bites="\n" * 301, fine='"""This is longer than usual, because."""' + "\n" * 301)
def files_are_short(source: Source) -> Iterator[Found]:
    """A file that needs scrolling has two subjects."""
    lines = source.text.count("\n")
    if lines > LONGEST_FILE and not _excused(source):
        yield Found(1, "", f"{lines} lines, at most {LONGEST_FILE}")


@rule(
    *CODE,
    bites="def one():\n" + "    x = 1\n" * 41,
    fine='"""One is longer than usual, because."""\ndef one():\n' + "    x = 1\n" * 41,
)
def functions_are_short(source: Source) -> Iterator[Found]:
    """A function that does not fit on a screen does two things."""
    for name, function in source.functions:
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > LONGEST_FUNCTION and not _excused(source):
            yield Found(function.lineno, name, f"{lines} lines, at most {LONGEST_FUNCTION}")


@rule(
    *CODE,
    excused={
        "tests/lab/openstack/plugins/openstack_lab/volume.py": "Cinder names a driver's methods",
        "tests/unit/state/probe.py": "one handler of every kind there is",
    },
    bites="class One:\n" + "".join(f"    def m{n}(self): ...\n" for n in range(11)),
)
def classes_are_small(source: Source) -> Iterator[Found]:
    """A class with many doors is a god: nobody knows what it is for."""
    for value in source.classes:
        methods = {
            node.name for node in value.body if isinstance(node, Function) and public(node.name)
        }
        if len(methods) > MOST_METHODS and not _excused(source):
            yield Found(value.lineno, value.name, f"{len(methods)} public methods")


@rule(
    *CODE,
    bites="def one(a, b, c, d, e, f): ...",
    fine="def one(self, a, b, c, d, e, *, f, g): ...",
)
def parameters_are_few_or_named(source: Source) -> Iterator[Found]:
    """Six arguments in a row are swapped by the first reader."""
    for name, function in source.functions:
        given = [a.arg for a in [*function.args.posonlyargs, *function.args.args]]
        if len([one for one in given if one not in ("self", "cls")]) <= MOST_POSITIONAL:
            continue
        if not any(called(mark) in ("fixture", "parametrize") for mark in function.decorator_list):
            yield Found(function.lineno, name, f"{len(given)} positional parameters")


@rule(*CODE, "alembic/*.py", bites="x = 1", fine='"""Why this is here."""\nx = 1')
def modules_say_why_they_exist(source: Source) -> Iterator[Found]:
    """A file without its reason is kept for ever, because nobody dares to remove it."""
    if source.tree.body and not ast.get_docstring(source.tree):
        yield Found(1, "", "has no docstring")


@rule(
    "*.py",
    bites="""
class Machines:
    def list(self): ...
""",
    fine="def filter(): ...",
)
def methods_do_not_hide_builtins(source: Source) -> Iterator[Found]:
    """A method named `list` hides the builtin for every annotation after it in the class."""
    for value in source.classes:
        for node in value.body:
            if isinstance(node, Function) and node.name in ("list", "type", "id", "filter"):
                yield Found(node.lineno, f"{value.name}.{node.name}", "hides a builtin")


@rule(
    "cloud_app/services/*.py",
    "cloud_app/state/*.py",
    "cloud_app/loops/*.py",
    bites="""
class Machines:
    def process_order(self): ...
""",
)
def verbs_say_what_is_done(source: Source) -> Iterator[Found]:
    """`process`, `handle`, `manage` and `do` can mean anything, so they come to do everything."""
    for name, function in source.functions:
        if re.match(r"(process|handle|manage|do)(_|$)", function.name):
            yield Found(function.lineno, name, "use the person's verb")


CLOUD_WORDS = re.compile(
    r"(^|_|\b)(flavou?rs?|tenants?|nova|neutron|keystone|glance|cinder|floating_?ip|hypervisors?"
    r"|pods?|namespaces?)(_|\b|$)",
    re.IGNORECASE,
)


@rule(
    "cloud_app/pages/*.py",
    "cloud_app/components/*.py",
    "cloud_app/state/*.py",
    "cloud_app/services/*.py",
    bites="def flavors(tenant_id): ...",
    fine="""
class Doors(EventNamespace):
    def connect(self, namespace: str): ...
def sizes(project_id): ...
""",
)
def cloud_words_stop_at_the_gateways(source: Source) -> Iterator[Found]:
    """Two words for one thing in the same layer become two things."""
    for name, function in source.functions:
        words = [function.name, *(a.arg for a in [*function.args.args, *function.args.kwonlyargs])]
        for word in words:
            if CLOUD_WORDS.search(word) and word != "namespace":  # Reflex's word for its socket
                yield Found(function.lineno, name, f"says {word}")
    for node in source.nodes:
        if isinstance(node, ast.AnnAssign) and CLOUD_WORDS.search(ast.unparse(node.target)):
            yield source.found(node, f"says {ast.unparse(node.target)}")


@rule("*.py", bites="# TODO: later", fine="# TODO #12: later")
def promises_have_a_number(source: Source) -> Iterator[Found]:
    """A note to do something later that is nowhere listed is never done."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"#.*\b(TODO|FIXME|XXX|HACK)\b(?!.{0,3}#\d)", line) and '"# TODO' not in line:
            yield Found(number, source.name_at(number), line.strip())


@rule("*.py", bites="# ------- helpers -------")
def there_are_no_banners(source: Source) -> Iterator[Found]:
    """A file that needs signposts is two files."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.match(r"\s*#\s*([-=*#~])\1{3,}", line):
            yield Found(number, source.name_at(number), line.strip())


MACHINE_PATH = re.compile(r"(?<![\w.~})>/-])/(root|home|work|Users|mnt|tmp|opt/[a-z]+-env)/[\w.-]+")
OTHER_INDEX = re.compile(r"(--(extra-)?index-url|--trusted-host|(index-url|registry)\s*[=:])\s*\S")
ADDRESS = re.compile(r"\b(?:https?|wss?|git\+https?)://(?=[\w\[*])[^\s\"'`<>)\]}\\]+")
KNOWN_HOSTS = re.compile(
    r"""(?x)
    localhost | 127\.\d+\.\d+\.\d+ | \[::1\] | 0\.0\.0\.0   # this machine
    | ([\w*-]+\.)*(example(\.(com|org|net|edu|test))?|test|invalid|localhost)   # nobody's
    | ([\w-]+\.)*[\w-]+\.(ac|example)\.kr                   # a campus in the documents
    | 192\.0\.2\.\d+ | 198\.51\.100\.\d+ | 203\.0\.113\.\d+ # kept free for documents
    | cloud | keystone | nova | inside                      # names that only a test answers to
    | (169\.254\.169\.254)                                  # metadata, as every cloud has it
    | www\.w3\.org | www\.apache\.org | keepachangelog\.com | semver\.org
    | docs\.openstack\.org | kubernetes\.io | reflex\.dev | scripts\.sil\.org | github\.com
    """
)


@rule(
    "*",
    excused={
        "tests/unit/architecture/rules_form.py": "says what is looked for",
        "tests/e2e/axe.min.js": "axe-core as its makers ship it",
        "tests/lab/openstack/test_guest.py": "paths inside the guest",
        "tests/lab/openstack/guest/initramfs": "paths inside the guest",
        "tests/lab/openstack/guest/tiny.sh": "paths inside the guest",
        "tests/lab/openstack/README.md": "the lab's folder unless another is named",
        "tests/lab/openstack/places.py": "the lab's folder unless another is named",
        "tests/lab/openstack/__main__.py": "the lab's folder unless another is named",
    },
    bites="see https://packages.internal.corp/simple",
    fine="see https://portal.example.ac.kr and http://127.0.0.1:8000/ and /api/servers",
)
def files_name_no_foreign_hosts_or_paths(source: Source) -> Iterator[Found]:
    """A registry's host or one machine's path works nowhere else, and tells where it was made."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if "lock.json" in source.path and '"url": ' in line:
            continue  # where packages ask for money
        for url in ADDRESS.findall(line):
            host = urlsplit(re.sub(r"[{<].*", "", url)).netloc.rpartition("@")[2]
            host = host if host.startswith("[") else host.split(":")[0]
            if host and not KNOWN_HOSTS.fullmatch(host):
                yield Found(number, "", f"names the host {host}")
        if found := MACHINE_PATH.search(line):
            yield Found(number, "", f"names the path {found[0]}")
        if OTHER_INDEX.search(line) and "OTHER_INDEX" not in line:
            yield Found(number, "", "names a package index")


def _excused(source: Source) -> bool:
    docstring = ast.get_docstring(source.tree) or ""
    return EXCUSE in " ".join(docstring.split())
