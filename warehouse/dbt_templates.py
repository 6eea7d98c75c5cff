"""dbt's templates, kept compiled from one run to the next.

dbt has Jinja compile every model, hook and test anew in every run, and twice
in the first; that takes a tenth of a small build. Jinja keeps what it compiled
for its own loaders only, and dbt uses none of them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import CodeType
from typing import Any

from dbt_common.clients.jinja import MacroFuzzEnvironment
from jinja2 import FileSystemBytecodeCache

from ingestion.durable import machine_faults

# Characters: to write and read a file takes longer than to compile less.
WORTH_A_FILE = 200

_compile_anew = MacroFuzzEnvironment.compile


def keep_templates(folder: Path) -> None:
    """Let dbt look in `folder` for what Jinja made of a template before.

    A file is named by the template's text, and Jinja's cache holds it against
    its own version, Python's and a checksum: it may be deleted at any time.
    """
    with machine_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
    kept = FileSystemBytecodeCache(str(folder))
    # Nodes share hooks and descriptions, and a process may run dbt many times.
    seen: dict[str, CodeType] = {}

    def compile_once(
        environment: MacroFuzzEnvironment, source: Any, *more: Any, **options: Any
    ) -> str | CodeType:
        if more or options or not isinstance(source, str):
            return _compile_anew(environment, source, *more, **options)
        # Plain and native templates of one text are different code.
        name = f"{type(environment).__name__} {source}"
        if name not in seen:
            if len(source) < WORTH_A_FILE:
                seen[name] = _compile_anew(environment, source)
            else:
                seen[name] = _from_file(kept, environment, source)
        return seen[name]

    MacroFuzzEnvironment.compile = compile_once


def _from_file(
    kept: FileSystemBytecodeCache, environment: MacroFuzzEnvironment, source: str
) -> CodeType:
    text = hashlib.sha256(source.encode()).hexdigest()
    with machine_faults(Path(kept.directory)):
        bucket = kept.get_bucket(
            environment, f"{type(environment).__name__} {text}", None, source
        )
        if bucket.code is None:
            bucket.code = _compile_anew(environment, source)
            kept.set_bucket(bucket)
    return bucket.code
