"""Great Expectations without the libraries that none of our rules needs.

It imports plotting, statistics and cloud clients with itself, which costs
more than half of its time. Put off, each is loaded at its first use; what is
loaded and what it does stay the same. The loader that puts off is not safe
between threads: nothing else of the project uses these libraries, and a process
judges in one thread.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PUT_OFF = frozenset({"altair", "scipy.stats", "boto3", "botocore"})


class _Waiting(ModuleType):
    """A module that runs when something is asked of it that it must define.

    importlib's own also runs when only its file is asked for, as every look at
    the stack asks of every module.
    """

    def __getattr__(self, name: str) -> Any:
        self.__class__ = ModuleType
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


class _WaitingLoader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self.loader = loader

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        module.__class__ = _Waiting


class _PutOff(importlib.abc.MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the finder's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname not in PUT_OFF:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            spec.loader = _WaitingLoader(spec.loader)
        return spec


def lean_great_expectations() -> None:
    """Import Great Expectations with what it can do without put off."""
    finder = _PutOff()
    sys.meta_path.insert(0, finder)
    # Importing makes objects that stay: looking for garbage among them takes a
    # quarter of the time and finds none.
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import great_expectations  # noqa: F401
    finally:
        sys.meta_path.remove(finder)
        gc.freeze()
        gc.enable()
