"""Great Expectations without what it works out again and again.

In a small batch the rows cost next to nothing: the time goes into putting the
same configurations, expectations and metrics together anew. What is kept here
is kept for one validation, but for the graphs of metrics, which a process that
judges batch after batch keeps; what is asked of the data stays the same.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Edges of the graph of metrics of an expectation on a batch: those of all rules
# on all tables are some hundreds; lists of codes, which differ from site to
# site, are in them.
_MOST_LAID_OUT = 2_000
_laid_out: OrderedDict[tuple[str, str], list[Any]] = OrderedDict()

_LAY_OUT = "_generate_metric_dependency_subgraphs_for_each_expectation_configuration"


@contextmanager
def lean_validation() -> Iterator[None]:
    """Within it, Great Expectations makes each thing of a validation once.

    * the configuration of an expectation, which is asked for with every key;
    * the expectation of a configuration, which is made for every metric of it;
    * the metrics that a metric depends on, which are followed down every path;
    * the graph of the metrics of an expectation, which the next batch needs, too;
    * an id of plain keywords, which JSON can write without a search for others;
    * the text of the context's own configuration, which nobody saves;
    * the text of a query for a log of every query, which nobody keeps.
    """
    from great_expectations.core import id_dict
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )
    from great_expectations.validator.validation_graph import ValidationGraph
    from great_expectations.validator.validator import Validator
    from sqlalchemy import Select

    changes = (
        (Expectation, "configuration", lambda made: property(_once(made.fget))),
        (ExpectationConfiguration, "to_domain_obj", _once),
        (ValidationGraph, "build_metric_dependency_graph", _followed_once),
        (Validator, _LAY_OUT, _laid_out_once),
        (id_dict, "convert_to_json_serializable", _as_it_is),
        (EphemeralDataContext, "_save_project_config", lambda _: lambda _: None),
        (Select, "__str__", lambda _: object.__repr__),
    )
    before = [getattr(owner, name) for owner, name, _ in changes]
    for (owner, name, lean), original in zip(changes, before, strict=True):
        setattr(owner, name, lean(original))
    try:
        yield
    finally:
        for (owner, name, _), original in zip(changes, before, strict=True):
            setattr(owner, name, original)


def _once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    kept: dict[int, tuple[Any, Any]] = {}

    def once(self: Any) -> Any:
        # The object itself is kept too, or its id might be used again.
        if id(self) not in kept:
            kept[id(self)] = (self, make(self))
        return kept[id(self)][1]

    return once


def _followed_once(follow: Callable[..., None]) -> Callable[..., None]:
    followed: dict[tuple[int, Any], Any] = {}

    def follow_once(
        self: Any, metric_configuration: Any, runtime_configuration: Any = None
    ) -> None:
        key = (id(self), metric_configuration.id)
        if key not in followed:
            followed[key] = self
            follow(self, metric_configuration, runtime_configuration)

    return follow_once


def _laid_out_once(lay_out: Callable[..., Any]) -> Callable[..., Any]:
    """Graphs follow from an expectation and its batch's name: no row is in them."""
    from great_expectations.validator.validation_graph import (
        ExpectationValidationGraph,
        ValidationGraph,
    )

    def laid_out_once(
        self: Any,
        expectation_configurations: list[Any],
        processed_configurations: list[Any],
        catch_exceptions: bool,
        runtime_configuration: dict | None = None,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        graphs, faults = [], []
        how = json.dumps(runtime_configuration, default=str)
        for configuration in expectation_configurations:
            key = (f"{self.active_batch_id} {how}", _as_text(configuration))
            if key in _laid_out:
                _laid_out.move_to_end(key)
                configuration.kwargs["batch_id"] = self.active_batch_id
                graph = ValidationGraph(self._execution_engine, [*_laid_out[key]])
                graphs.append(ExpectationValidationGraph(configuration, graph))
                processed_configurations.append(configuration)
                continue
            made, failed, _ = lay_out(
                self, [configuration], processed_configurations,
                catch_exceptions, runtime_configuration,
            )  # fmt: skip
            graphs += made
            faults += failed
            if made:
                _laid_out[key] = [*made[0].graph.edges]
                if len(_laid_out) > _MOST_LAID_OUT:
                    _laid_out.popitem(last=False)
        return graphs, faults, processed_configurations

    return laid_out_once


def _as_text(configuration: Any) -> str:
    kwargs = {k: v for k, v in configuration.kwargs.items() if k != "batch_id"}
    return f"{configuration.type} {json.dumps(kwargs, default=repr, sort_keys=True)}"


def _as_it_is(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def as_it_is(data: Any) -> Any:
        try:
            json.dumps(data, allow_nan=False)
        except (TypeError, ValueError):
            return convert(data)
        return data

    return as_it_is
