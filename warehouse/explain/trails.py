"""Of what each published table is made: conditions on the joins in origins.py.

`$name` is the value of that column in the explained row. Warnings have their
own tellers, see warning.py.
"""

from __future__ import annotations

from warehouse.explain.origins import (
    FIGURES,
    REASONS,
    REPORTS,
    RULES,
    TARGETS,
    WAIVERS,
    Origin,
)

Trail = tuple[tuple[Origin, str], ...]

_OWN_TARGET = (TARGETS, "target.target_key = $target_key")


def _rules(*names: str) -> tuple[Origin, str]:
    listed = ", ".join(f"'{name}'" for name in names)
    return RULES, f"rule.is_current and rule.rule_id in ({listed})"


_SERIES_TO_DATE = """
figure.is_current
and (
    figure.observation_key = $observation_key
    or (
        $target_type in ('cum_total', 'cum_reduction', 'avg_growth_floor')
        and figure.source_kind = $source_kind
        and figure.indicator_code = $indicator_code
        and figure.definition_version = $definition_version
        and figure.region_code = $region_code
        and figure.unit_code is not distinct from $unit_code
        and figure.breakdown = $breakdown
        and figure.period_end <= $period_end
        and figure.period_start >= (
            select period_start from core.dim_plan
            where plan_code = $plan_code and plan_version = $plan_version
        )
    )
)"""

_JUDGED_FIGURE = """
figure.is_current
and figure.observation_key in (
    select observation_key from published.indicator_progress
    where
        target_key = $target_key
        and source_kind = $source_kind
        and period = $period
)"""

_SERIES = """
figure.is_current
and figure.value is not null
and figure.source_kind = $source_kind
and figure.indicator_code = $indicator_code
and figure.definition_version = $definition_version
and figure.region_code = $region_code
and figure.unit_code is not distinct from $unit_code
and figure.breakdown = $breakdown
and figure.period_end <= (
    select max(latest.period_end) from core.fct_observation as latest
    where latest.period = $period
)"""

# How finished targets ended of which a forecast had been made.
_ENDS = """
figure.is_current
and figure.observation_key in (
    select ended.observation_key
    from published.indicator_progress as ended
    inner join published.indicator_progress as foretold
        on
            ended.target_key = foretold.target_key
            and ended.source_kind = foretold.source_kind
    where
        ended.elapsed_share >= 1
        and foretold.elapsed_share < 1
        and foretold.source_kind = $source_kind
        and foretold.forecast_method = $forecast_method
)"""

_OF_REGIONS = "figure.is_current and figure.unit_code is null"


def _compared(periods: str, group: str = "", region: str = "") -> str:
    """Figures of the regions whose contributions a comparison adds up."""
    of_group = f"and {group} in (group_code, 'of all')" if group else ""
    of_region = f"and {region} in (region_code, 'of all')" if region else ""
    return f"""
{_OF_REGIONS}
and figure.breakdown = '_T'
and figure.source_kind = $source_kind
and figure.region_code in (
    select region_code from published.regional_inequality_contribution
    where
        indicator_code = $indicator_code
        and population_indicator_code = $population_indicator_code
        and region_level = $region_level
        and source_kind = $source_kind
        and period in ({periods}) {of_group} {of_region}
)
and (
    (
        figure.indicator_code in ($indicator_code, $population_indicator_code)
        and figure.period in ({periods})
    )
    or (
        $indicator_code in (
            select value from core.dim_rule
            where rule_id = 'COMPARABLE_PRICES' and parameter = 'code'
        )
        and figure.indicator_code in (
            select value from core.dim_rule
            where rule_id = 'COMPARABLE_PRICES' and parameter like '%_indicator'
        )
        and figure.period <= $period
    )
)"""


_INEQUALITY_RULES = _rules("INEQUALITY", "INEQUALITY_PAIR", "COMPARABLE_PRICES")
_GROUP, _REGION = (
    "coalesce($group_code, 'of all')", "coalesce($region_code, 'of all')",
)  # fmt: skip

_MEMBERS = f"""
{_OF_REGIONS}
and figure.source_kind = $source_kind
and figure.period = $period
and figure.indicator_code in ($indicator_code, $weight_indicator_code)
and figure.breakdown in ($breakdown, '_T')
and figure.region_code in (
    select region_code from core.dim_region where level = $member_level
)
and (
    figure.region_code in (
        select region_code from core.bridge_region_ancestor
        where $group_kind = 'region' and ancestor_region_code = $group_code
    )
    or figure.region_code in (
        select region_code from core.bridge_region_group
        where group_kind = $group_kind and group_code = $group_code
    )
)"""

_REVISED = """
figure.observation_key in (
    select triangle.observation_key
    from published.revision_triangle as triangle
    inner join core.dim_region as region using (region_code)
    where
        triangle.source_code = $source_code
        and triangle.indicator_code = $indicator_code
        and triangle.vintage = $maturity
        and region.level = $region_level
)"""

_CHILDREN = """
target.is_current
and (
    target.target_key = $target_key
    or (
        target.indicator_code = $indicator_code
        and target.breakdown = $breakdown
        and case $child_kind
            when 'plan'
                then target.unit_code is null and target.plan_code in (
                    select plan_code from core.dim_plan
                    where parent_plan_code = $plan_code
                )
            when 'region'
                then target.unit_code is null and target.region_code in (
                    select region_code from core.dim_region
                    where parent_region_code = $region_code
                )
                and target.plan_code in (
                    select plan_code from core.dim_plan
                    where $plan_code in (plan_code, parent_plan_code)
                )
            else
                target.plan_code = $plan_code
                and target.plan_version = $plan_version
                and target.unit_code in (
                    select unit_code from core.dim_unit
                    where parent_unit_code = $unit_code
                )
        end
    )
)"""

_WAIVERS = """
waiver.is_current
and waiver.plan_code = $plan_code
and waiver.plan_version = $plan_version
and waiver.indicator_code = $indicator_code"""

_TARGETS_OF_PLAN = """
target.is_current
and target.unit_code is null
and target.plan_code = $plan_code
and target.plan_version = $plan_version
and target.region_code = $region_code"""

_LAST_FIGURES_OF_PLAN = """
figure.is_current
and figure.observation_key in (
    select observation_key from published.indicator_progress
    where
        plan_code = $plan_code
        and plan_version = $plan_version
        and region_code = $region_code
        and unit_code is null
    qualify
        row_number() over (partition by target_key order by period_end desc) = 1
)"""

_GROWN = """
figure.observation_key = $observation_key
and figure.known_from = $known_from
or (
    figure.source_kind = $source_kind
    and figure.source_code = $source_code
    and figure.unit_code is null
    and figure.region_code = $region_code
    and figure.indicator_code = $indicator_code
    and figure.definition_version = $definition_version
    and figure.breakdown = $breakdown
    and figure.period = $previous_period
    and figure.known_from = $known_from
)"""

_REPORTS_BELOW = """
owed.form_code = $form_code
and owed.period = $period
and owed.unit_code in (
    select unit_code from core.bridge_unit_ancestor
    where ancestor_unit_code = $unit_code
)"""

_URBAN_AND_RURAL = f"""
{_OF_REGIONS}
and figure.source_kind = $source_kind
and figure.indicator_code = $indicator_code
and figure.definition_version = $definition_version
and figure.region_code = $region_code
and figure.period = $period
and figure.breakdown in (
    select value from core.dim_rule where rule_id = 'URBAN_RURAL'
)"""

_FISCAL_ITEMS = f"""
{_OF_REGIONS}
and figure.source_kind = $source_kind
and figure.region_code = $region_code
and figure.period = $period
and figure.indicator_code in (
    select parameter from core.dim_rule where rule_id = 'FISCAL_ITEM'
)"""

_SIDE_BY_SIDE = """
figure.is_current
and figure.observation_key in ($self_reported_key, $official_key, $verified_key)"""

TRAILS: dict[str, Trail] = {
    "indicator_progress": (
        _OWN_TARGET,
        (FIGURES, _SERIES_TO_DATE),
        _rules("PROGRESS_RAG", "PROGRESS_EUROSTAT", "FORECAST"),
    ),
    "label_concordance": (
        _OWN_TARGET,
        (FIGURES, _JUDGED_FIGURE),
        _rules("PROGRESS_LABEL", "VALUE_PRECEDENCE"),
    ),
    "plan_scorecard": (
        (TARGETS, _TARGETS_OF_PLAN),
        (FIGURES, _LAST_FIGURES_OF_PLAN),
        _rules("PLAN_COUNTING", "VALUE_PRECEDENCE"),
    ),
    "target_alignment": (
        (TARGETS, _CHILDREN),
        (WAIVERS, _WAIVERS),
        _rules("TARGET_COVERAGE", "TARGET_INTENSITY"),
    ),
    "reporting_discipline": ((REPORTS, _REPORTS_BELOW),),
    "form_burden": (
        (
            REPORTS,
            "owed.unit_code = $unit_code and year(owed.period_start) = $report_year",
        ),
    ),
    "rule_quality": (
        (REASONS, "reason.rule_id = $rule_id"), _rules("RULE_QUALITY"),
    ),
    "warning_track_record": (
        (RULES, "rule.is_current and rule.rule_id = $rule_id"),
    ),
    "region_aggregate": ((FIGURES, _MEMBERS),),
    "regional_inequality": ((FIGURES, _compared("$period")), _INEQUALITY_RULES),
    "regional_inequality_contribution": (
        (FIGURES, _compared("$period", _GROUP, _REGION)), _INEQUALITY_RULES,
    ),
    "regional_inequality_change": (
        (FIGURES, _compared("$period, $previous_period", _GROUP, _REGION)),
        _INEQUALITY_RULES,
    ),
    "regional_convergence": (
        (FIGURES, _compared("$period, $base_period")), _INEQUALITY_RULES,
    ),
    "urban_rural_ratio": (
        (FIGURES, _URBAN_AND_RURAL),
        _rules("URBAN_RURAL"),
    ),
    "fiscal_risk": (
        (FIGURES, _FISCAL_ITEMS),
        _rules("FISCAL_RISK", "FISCAL_ITEM"),
    ),
    "report_divergence": (
        (FIGURES, _SIDE_BY_SIDE),
        _rules("VALUE_PRECEDENCE"),
    ),
    "indicator_trend": (
        (FIGURES, _SERIES), _OWN_TARGET,
        _rules("ANTICIPATED_PROGRESS", "SPEARMAN_TREND"),
    ),
    "forecast_track_record": ((FIGURES, _ENDS), _rules("FORECAST")),
    "revision_triangle": ((FIGURES, "figure.observation_key = $observation_key"),),
    "revision_by_maturity": ((FIGURES, _REVISED),),
    "revision_statistics": ((FIGURES, _REVISED),),
    "growth_by_vintage": ((FIGURES, _GROWN),),
}  # fmt: skip
