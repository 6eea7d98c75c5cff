"""dbt's macros: those that nothing of the project can reach are left out.

dbt puts every macro that it knows into a namespace of its own for every model
and test, twice. Of its own and its adapter's, most are for other databases and
for kinds of models that the project has none of; to carry them through takes
7 % of the time of a small build.
"""

from __future__ import annotations

from typing import Any


def leave_out_idle_macros(manifest: Any) -> None:
    """Take those macros out of `manifest` that no model or test can call.

    dbt notes which macro calls which, what it dispatches to included.
    """
    waiting = _called_first(manifest)
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in manifest.macros and name not in reached:
            reached.add(name)
            waiting += manifest.macros[name].depends_on.macros
    for name in manifest.macros.keys() - reached:
        del manifest.macros[name]


def _called_first(manifest: Any) -> list[str]:
    """The project's macros, what its nodes call, and what dbt itself calls by name."""
    from dbt.adapters.base import impl
    from dbt.adapters.sql import impl as sql_impl

    # The rows that a unit test gives become a query of this macro.
    names = {"get_fixture_sql"} | {
        value
        for module in (impl, sql_impl)
        for constant, value in vars(module).items()
        if constant.endswith("_MACRO_NAME")
    }
    kinds = {node.config.materialized for node in manifest.nodes.values()} | {"unit"}
    materializations = tuple(f"materialization_{kind}_" for kind in kinds)
    own = [
        unique_id
        for unique_id, macro in manifest.macros.items()
        if macro.package_name == manifest.metadata.project_name
        or macro.name in names
        or macro.name.startswith(materializations)
    ]
    used = [name for node in manifest.nodes.values() for name in node.depends_on.macros]
    return own + used
