"""Rules about pages and components: looks by meaning, texts by key, no logic on Vars."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from .sources import Found, Source, called, matching, rule

LOOKS = frozenset(
    {
        "style", "color", "color_scheme", "background", "background_color", "border", "width",
        "height", "min_width", "max_width", "min_height", "max_height", "padding", "margin",
        "padding_x", "padding_y", "margin_x", "margin_y", "gap", "font_size", "font_weight",
        "line_height", "border_radius", "box_shadow", "opacity", "z_index", "spacing", "size",
    }
)  # fmt: skip
VALUE = re.compile(
    r"#[0-9a-fA-F]{3,8}|-?\d+(\.\d+)?(px|r?em|ch|v[hwb]|d?vh|%|pt|ms|s)|(rgb|hsl|oklch)a?\(.*"
)
SENTENCE = re.compile(r"[가-힣]|[A-Za-z]{2,},? [A-Za-z]{2,}|^[A-Z][a-z]{2,}[.…:]?$")
SAID = re.compile(r"[가-힣]|^[A-Z][a-z]+[^.]* [a-z]+|[a-z]{2,} [a-z]{2,}.*[.!?]$")
"""Outside pages: what looks written for people; log lines are lower case and have no full stop."""
DEEPEST = 2


@rule(
    "cloud_app/pages/*.py",
    bites="""
def page():
    return rx.text(t("a.b"), color="red", class_name="1px")
""",
    fine="""
def page():
    return rx.text(t("a.b"), color=tokens.QUIET)
""",
)
def pages_name_no_values(source: Source) -> Iterator[Found]:
    """A colour or a length in a page has no dark side, no theme and no contrast guarantee."""
    for node in source.strings():
        if VALUE.fullmatch(str(node.value).strip()):
            yield source.found(node, f"names {node.value!r}")
    for node in source.nodes:
        if not isinstance(node, ast.keyword) or node.arg not in LOOKS:
            continue
        if isinstance(node.value, ast.Constant | ast.Dict):
            yield source.found(node, f"sets {ast.unparse(node)}")


@rule(
    "cloud_app/pages/*.py",
    "cloud_app/components/*.py",
    "cloud_app/state/*.py",
    "cloud_app/services/*.py",
    bites="""
def page():
    return rx.el.p("Nothing here yet")
""",
    fine='''
def page():
    """Nothing here yet."""
    return rx.el.p(t("machines.empty"))
''',
    excused={
        "cloud_app/components/menu.py::appearance_menu": "languages are named in themselves",
    },
)
def sentences_live_in_the_catalogue(source: Source) -> Iterator[Found]:
    """A sentence in the code has no second language and no shared wording."""
    looks_written = SENTENCE if "/pages/" in source.path else SAID
    for node in source.strings():
        said = str(node.value)
        if looks_written.search(said) and not _known_words(said):
            yield source.found(node, f"says {said!r}")


@rule(
    "cloud_app/pages/*.py",
    "cloud_app/components/*.py",
    bites="""
def page():
    return rx.el.div(class_name="card unheard-of")
""",
    fine="""
def page():
    return rx.el.div(class_name="card")
""",
)
def class_names_are_in_the_stylesheets(source: Source) -> Iterator[Found]:
    """A class name that no stylesheet knows looks like nothing, and nobody is told."""
    for node in source.nodes:
        if not isinstance(node, ast.keyword) or node.arg not in ("class_name", "how"):
            continue
        asked = {
            id(c)
            for n in ast.walk(node.value)
            if called(n) == "pop"
            for c in getattr(n, "args", ())
        }
        for text in ast.walk(node.value):
            if not isinstance(text, ast.Constant) or id(text) in asked:
                continue
            for name in str(text.value).split():
                if name not in _stylesheets():
                    yield source.found(text, f"class {name!r}")


@rule(
    "cloud_app/pages/*.py",
    bites="""
def page():
    if PageState.rows:
        return table()
""",
    fine="""
LINES = [line(name) for name in NAMES]
def page():
    return rx.cond(PageState.rows, table(), empty())
""",
)
def pages_do_not_decide(source: Source) -> Iterator[Found]:
    """Python's `if`, `for`, `and` and `len` on a Var are decided once, when the page is built."""
    kinds = (ast.If, ast.For, ast.While, ast.IfExp, ast.BoolOp, ast.Try, ast.Match, ast.Assert)
    for node in source.nodes:
        if isinstance(node, kinds):
            yield source.found(node, f"{type(node).__name__.lower()} in a page")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield source.found(node, "`not` in a page")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("len", "any", "all", "sorted"):
            yield source.found(node, f"{ast.unparse(node.func)}() in a page")
        if isinstance(node, ast.comprehension):
            names = [n.id for n in ast.walk(node.iter) if isinstance(n, ast.Name)]
            if not all(name.isupper() for name in names):
                yield source.found(node.iter, f"a loop over {ast.unparse(node.iter)}")


@rule(
    "cloud_app/components/*.py",
    bites="""
def frame():
    return rx.el.b(SessionState.name) if SessionState.name else rx.fragment()
""",
    fine="""
def frame(fresh: rx.Component | None):
    return rx.cond(SessionState.name, fresh or rx.fragment())
""",
)
def components_do_not_decide_on_vars(source: Source) -> Iterator[Found]:
    """Python's `if`, `for`, `and` and `len` on a Var are decided once, when the page is built."""
    for node in source.nodes:
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                asked = [test]
            case ast.BoolOp(values=values):
                asked = values
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                asked = [operand]
            case ast.comprehension(iter=iterated) | ast.For(iter=iterated):
                asked = [iterated]
            case ast.Call(func=ast.Name(id="len"), args=args):
                asked = args
            case _:
                continue
        for one in asked:
            if re.search(r"\b[A-Z]\w*State\.\w+", ast.unparse(one)):
                yield source.found(one, f"decides on {ast.unparse(one)}")


@rule(
    "cloud_app/pages/*.py",
    "cloud_app/components/*.py",
    bites="""
def page():
    return rx.cond(a, rx.cond(b, rx.cond(c, d)))
""",
    fine="""
def page():
    return rx.cond(a, rx.cond(b, c))
""",
)
def conditions_are_not_nested_deeply(source: Source) -> Iterator[Found]:
    """Three conditions inside each other can be read by nobody; compute one word, and match it."""

    def deepest(node: ast.AST) -> int:
        here = isinstance(node, ast.Call) and ast.unparse(node.func) == "rx.cond"
        return here + max((deepest(child) for child in ast.iter_child_nodes(node)), default=0)

    for name, function in source.functions:
        if deepest(function) > DEEPEST:
            yield Found(function.lineno, name, f"rx.cond nested {deepest(function)} deep")


@rule(
    "cloud_app/pages/*.py",
    "cloud_app/state/*.py",
    "cloud_app/components/*.py",
    bites="""
def page():
    return to("/machines", t("a.b"))
""",
    fine="""
def page():
    return to(routes.MACHINES, t("a.b"))
""",
    excused={
        "cloud_app/components/shell.py": "names the portal's own files, which are no pages",
        "cloud_app/components/drawings.py": "names the file of the drawings",
        "cloud_app/components/tokens.py": "names the stylesheets",
        "cloud_app/state/locale.py": "names the script that knows the language",
    },
)
def addresses_come_from_routes(source: Source) -> Iterator[Found]:
    """An address written in two places survives a rename in one of them."""
    for node in source.strings():
        if re.match(r"\$?/[a-z]", str(node.value)):
            yield source.found(node, f"writes {node.value!r}")


@rule(
    "cloud_app/pages/*.py",
    bites="""
class Thing(rx.State):
    pass
""",
)
def pages_are_functions(source: Source) -> Iterator[Found]:
    """A page with a class or a coroutine has begun to be something else."""
    for node in source.nodes:
        if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
            yield source.found(node, type(node).__name__)


@cache
def _stylesheets() -> frozenset[str]:
    return frozenset(
        name
        for source in matching("assets/*.css")
        for name in re.findall(r"\.(-?[A-Za-z_][\w-]*)", source.text)
    )


def _known_words(said: str) -> bool:
    return all(word in _stylesheets() for word in said.split())
