"""dbt's contexts: what is the same for every node is not made for each.

For every model and test, twice, dbt makes an object of each macro that it knows
and looks each of them up by name in five places; and for the answer to every
statement it compiles the regular expressions of a reader of dates, in words of
any language. The two take a twentieth of the time of a small build.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


@cache
def make_contexts_lightly() -> None:
    """Namespaces with the same names for the same macros, and one such reader."""
    import parsedatetime
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
    from dbt.include.global_project import PROJECT_NAME

    class LookedUp(MacroNamespace):
        """Its flat names, found once: the first place in the order counts."""

        def __init__(self, local, root, internal, packages) -> None:
            super().__init__(root, local, internal, packages)
            self.found = {
                **internal, PROJECT_NAME: internal, **packages, **root, **local,
            }  # fmt: skip

        def __getitem__(self, key: str) -> Any:
            return self.found[key]

        def __iter__(self) -> Iterator[str]:
            return iter(self.found)

        def __len__(self) -> int:
            return len(self.found)

    def build_namespace(self: Any, macros_by_package: dict, context: dict) -> LookedUp:
        made = {
            package: {
                macro.name: MacroGenerator(macro, context, self.node, self.thread_ctx)
                for macro in macros.values()
            }
            for package, macros in macros_by_package.items()
        }
        internal: dict[str, Any] = {}
        for package in reversed(self.internal_package_names_order):
            internal |= made.pop(package, {})
        local = made.get(self.search_package, {})
        is_root = self.search_package == self.root_package
        root = {} if is_root else made.get(self.root_package, {})
        return LookedUp(local, root, internal, made)

    MacroNamespaceBuilder.build_namespace = build_namespace
    # What it is made of follows from the language alone, and is only read.
    parsedatetime.Constants = cache(parsedatetime.Constants)
