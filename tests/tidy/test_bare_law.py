"""The law without the product: `pip install open401k` alone must be able to compute."""

import subprocess
import sys
import textwrap

from tests.tidy.tree import PACKAGE

PROBE = """
import sys
from importlib.abc import MetaPathFinder

allowed = {"open401k", "numpy", "yaml", "_yaml", "_distutils_hack", *sys.stdlib_module_names}


class OnlyTheBareInstall(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] not in allowed and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"the law reached for {name}", name=name)
        return None


sys.meta_path.insert(0, OnlyTheBareInstall())
import importlib, pkgutil
import open401k.law
for module in pkgutil.walk_packages(open401k.law.__path__, "open401k.law."):
    importlib.import_module(module.name)
above = sorted({name.split(".")[1] for name in sys.modules if name.startswith("open401k.")} - {"kernel", "law"})
assert not above, f"the law reached up to {above}"
"""


def test_the_law_imports_with_numpy_and_yaml_alone() -> None:
    """Kernel, numpy and PyYAML are all that the law may load.

    Why: calculators and other projects use it without a server.
    Escape: none; what needs more belongs into a room above.
    """
    assert (PACKAGE / "law").is_dir()
    code = textwrap.dedent(PROBE)
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
