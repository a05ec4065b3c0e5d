"""Time, chance and fractions: what must come in as an argument, and what money never meets."""

import ast
import re

from tests.tidy.tree import ROOT, Module, check, imports, is_sql, migrations, modules, strings, without_comments

OWNERS = {"open401k.kernel.clock", "open401k.kernel.random"}
CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.localtime",
    "time.gmtime", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "os.urandom",
    "uuid.uuid1", "uuid.uuid4", "np.random.rand", "np.random.seed", "np.random.random", "np.random.normal",
}  # fmt: skip
ENDS = {name.rpartition(".")[2] for name in CLOCKS}
CHANCE = ("random", "secrets", "uuid.uuid1", "uuid.uuid4", "time.time", "time.time_ns", "os.urandom")
SQL_CLOCKS = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|random|gen_random_uuid|uuidv7|uuidv4)\s*\(\)"
    r"|\b(current_timestamp|current_date|localtimestamp)\b"
)
MONEY_ROOMS = {"census", "law", "ledger", "payroll", "plan", "recordkeeping"}
EXACT = re.compile(r"#.*\bexact: \w+")


def test_only_the_kernel_reads_the_clock_or_throws_dice() -> None:
    """Time and chance are arguments below the doors. Why: a plan year with crashes must replay from one seed.

    Escape: take ``Clock``, ``Random`` or ``Ids``; ``time.monotonic`` and ``time.perf_counter`` measure and are free.
    """
    violations = {}
    for module in modules():
        if module.name in OWNERS:
            continue
        for line, name in imports(module):
            if name in CHANCE or name.split(".")[0] in ("random", "secrets"):
                violations[f"{module.place}:{line}"] = f"imports {name}"
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in ENDS and ast.unparse(node) in CLOCKS:
                violations[f"{module.place}:{node.lineno}"] = ast.unparse(node)
            if isinstance(node, ast.Call) and not node.args and ast.unparse(node.func).endswith("default_rng"):
                violations[f"{module.place}:{node.lineno}"] = "default_rng() without a seed"
    check("clock", violations)


def test_the_database_is_not_asked_for_the_time() -> None:
    """No now(), no random ids in SQL: they come from the transaction.

    Why: as above; a moved clock must move everything.

    Escape: an entry "database clock" in tests/tidy/allowed.py, for what is about the server and not about a plan.
    """
    violations = {}
    for module in modules():
        for line, text in strings(module):
            if is_sql(text) and (found := SQL_CLOCKS.search(without_comments(text))):
                violations[f"{module.place}:{line}"] = found.group(0)
    for place, _, sql in migrations():
        for found in SQL_CLOCKS.finditer(sql):
            violations[f"{place}:{found.group(0)}"] = "in a migration"
    check("database clock", violations)


def test_money_never_meets_a_float() -> None:
    """No float literal, ``float``, numpy float or true division where money is worked out.

    Why: 0.1 + 0.2 is not 0.3, and a cent is a finding.
    Escape: a comment ``exact: why`` on the line, where both sides are Decimal or Fraction or the result is only shown.
    """
    violations = {}
    for module in modules():
        if module.room in MONEY_ROOMS:
            lines = module.text.splitlines()
            for line, what in _floats(module):
                if not EXACT.search(lines[line - 1]):
                    violations[f"{module.place}:{line}"] = f"{what}: {lines[line - 1].strip()}"
    check("float", violations)


def _floats(module: Module) -> list[tuple[int, str]]:
    found = []
    shown = {
        id(part)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FormattedValue)  # f"{rate_bps / 100:g} %": a number on its way to a reader
        for part in ast.walk(node)
    }
    for node in ast.walk(module.tree):
        if id(node) in shown:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append((node.lineno, "float literal"))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            found.append((node.lineno, "float()"))
        elif isinstance(node, ast.Attribute) and re.fullmatch(r"float\d+|true_divide|divide", node.attr):
            found.append((node.lineno, f"numpy {node.attr}"))
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and not _is_path(node):
            found.append((node.lineno, "true division"))
    return found


def _is_path(node: ast.BinOp | ast.AugAssign) -> bool:
    """``folder / "name"`` is a path, not a quotient."""
    if isinstance(node, ast.AugAssign):
        return False
    left, right = node.left, node.right
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div) and _is_path(left):
        return True
    texts = (ast.JoinedStr,)
    is_text = isinstance(right, texts) or (isinstance(right, ast.Constant) and isinstance(right.value, str))
    return is_text or bool(re.search(r"path|folder|files\(|dir\b|parent", ast.unparse(left), re.IGNORECASE))


def test_nothing_is_left_for_later_in_a_comment() -> None:
    """No marker of unfinished work in tracked text. Why: it is read by nobody; an issue is.

    Escape: finish it, or open an issue and say in words what is not there.
    """
    marker = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    folders = ("src", "tests", "docs", "benchmarks", "bootstrap", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in TEXT]
    files += [path for path in ROOT.iterdir() if path.suffix in TEXT or path.name == "Makefile"]
    violations = {}
    for path in files:
        if "vendor" in path.parts or ".min." in path.name:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if marker.search(line) and path.name not in ("uv.lock", "LICENSE"):
                violations[f"{path.relative_to(ROOT)}:{number}"] = line.strip()[:80]
    check("unfinished", violations)


TEXT = {".py", ".md", ".sql", ".yaml", ".toml", ".html", ".css", ".json", ".sh", ".js"}
