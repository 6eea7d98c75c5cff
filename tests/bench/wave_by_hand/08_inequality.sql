-- Gaps between the provinces, straight from the definitions: every pair of
-- regions is compared, which for 31 of them costs nothing.

create temp table pair as
select * from (
    values
    ('GDP', 'POPULATION', false),
    ('REVENUE', 'POPULATION', false),
    -- A mean weighted by people is a value per head as it stands.
    ('INCOME', 'POPULATION', true)
) as pairs (indicator_code, population_indicator_code, is_per_head);

create temp table compared as
select distinct
    pair.*, fresh.period, fresh.period_end, fresh.source_kind,
    md5(concat_ws(
        '|', pair.indicator_code, pair.population_indicator_code, fresh.period,
        fresh.source_kind
    )) as comparison_key,
from fresh
inner join pair
    on fresh.indicator_code in (pair.indicator_code, pair.population_indicator_code)
where fresh.unit_code is null;

create temp table measure as
select indicator_code, region_code, period, source_kind, value::double as value
from core.fct_observation
where
    is_current and unit_code is null and breakdown = '_T'
    and period_end >= (select min(period_end) from fresh);

create temp table groups as
select distinct group_kind, group_code, region_code
from raw.registry_region_groups where not is_deleted;

-- Each region by its people, and once more all alike.
create temp table share as
select
    *,
    w / sum(w) over whole as p,
    x * w / sum(x * w) over whole as y,
    sum(x * w) over whole / sum(w) over whole as mean,
    sum(x * w) over part / sum(w) over part as group_mean,
    sum(w) over part / sum(w) over whole as group_p,
    sum(x * w) over part / sum(x * w) over whole as group_y,
from (
    select
        compared.comparison_key, kinds.group_kind, groups.group_code,
        regions.region_code, weighting,
        if(is_per_head, totals.value, totals.value / people.value) as x,
        if(weighting = 'people', people.value, 1) as w,
    from compared
    cross join (select distinct group_kind from groups) as kinds
    cross join (values ('people'), ('alike')) as weightings (weighting)
    inner join core.dim_region as regions on regions.level = 1
    inner join measure as totals
        on
            compared.indicator_code = totals.indicator_code
            and compared.period = totals.period
            and compared.source_kind = totals.source_kind
            and regions.region_code = totals.region_code
    inner join measure as people
        on
            compared.population_indicator_code = people.indicator_code
            and compared.period = people.period
            and compared.source_kind = people.source_kind
            and regions.region_code = people.region_code
    left join groups
        on
            kinds.group_kind = groups.group_kind
            and regions.region_code = groups.region_code
)
window
    whole as (partition by comparison_key, group_kind, weighting),
    part as (partition by comparison_key, group_kind, weighting, group_code);

create temp table gini as
select
    a.comparison_key, a.group_kind, a.weighting,
    sum(a.p * b.p * abs(a.x - b.x)) / (2 * any_value(a.mean)) as gini,
    sum(a.p * b.p * abs(a.x - b.x)) filter (a.group_code = b.group_code)
    / (2 * any_value(a.mean)) as within_groups,
from share as a
inner join share as b using (comparison_key, group_kind, weighting)
group by all;

-- Dagum: of a pair of groups, how far the means lie apart (net) and how far the
-- groups overlap.
create temp table dagum as
select
    comparison_key, group_kind, weighting,
    sum(weight * distance * net) as between_groups,
    sum(weight * distance * (1 - net)) as overlap,
from (
    select
        a.comparison_key, a.group_kind, a.weighting,
        any_value(a.group_p * b.group_y + b.group_p * a.group_y) as weight,
        any_value(abs(a.group_mean - b.group_mean)) as apart,
        sum(a.p / a.group_p * b.p / b.group_p * abs(a.x - b.x)) as difference,
        difference / any_value(a.group_mean + b.group_mean) as distance,
        apart / difference as net,
    from share as a
    inner join share as b using (comparison_key, group_kind, weighting)
    where a.group_code < b.group_code
    group by
        a.comparison_key, a.group_kind, a.weighting, a.group_code, b.group_code
)
group by all;

create temp table index as
select
    comparison_key, group_kind, weighting,
    count(*) as n_regions,
    count(group_code) = count(*) as is_split,
    sum(y * ln(y / p)) as theil_t,
    sum(y * ln(group_y / group_p)) as theil_t_between,
    sum(y * ln(y / group_y / (p / group_p))) as theil_t_within,
    sum(p * ln(p / y)) as theil_l,
    sum(p * ln(group_p / group_y)) as theil_l_between,
    sum(p * ln(p / group_p / (y / group_y))) as theil_l_within,
    sqrt(sum(p * (x - mean) ** 2)) / any_value(mean) as cv,
    stddev_samp(x) / avg(x) as cv_sample,
    max(x) / min(x) as max_min_ratio,
    max(group_mean) / min(group_mean) as group_max_min_ratio,
    stddev_pop(ln(x)) as sigma,
    stddev_samp(ln(x)) as sigma_sample,
from share
group by all;

delete from marts.regional_inequality
where comparison_key in (select comparison_key from compared);

insert into marts.regional_inequality by name
with cell as (
    select * from index
    inner join gini using (comparison_key, group_kind, weighting)
    inner join dagum using (comparison_key, group_kind, weighting)
)

select
    compared.indicator_code, compared.population_indicator_code,
    1 as region_level, people.group_kind, compared.period, compared.source_kind,
    compared.comparison_key,
    expected.n_expected, people.n_regions,
    round(100 * people.n_regions / expected.n_expected, 10) as coverage_pct,
    round(people.theil_t, 10) as theil_t,
    if(people.is_split, round(people.theil_t_between, 10), null) as theil_t_between,
    if(people.is_split, round(people.theil_t_within, 10), null) as theil_t_within,
    round(people.theil_l, 10) as theil_l,
    if(people.is_split, round(people.theil_l_between, 10), null) as theil_l_between,
    if(people.is_split, round(people.theil_l_within, 10), null) as theil_l_within,
    round(people.gini, 10) as gini_weighted,
    round(alike.gini, 10) as gini_unweighted,
    if(people.is_split, round(people.within_groups, 10), null)
        as dagum_weighted_within,
    if(people.is_split, round(people.between_groups, 10), null)
        as dagum_weighted_between,
    if(people.is_split, round(people.overlap, 10), null)
        as dagum_weighted_transvariation,
    if(people.is_split, round(alike.within_groups, 10), null)
        as dagum_unweighted_within,
    if(people.is_split, round(alike.between_groups, 10), null)
        as dagum_unweighted_between,
    if(people.is_split, round(alike.overlap, 10), null)
        as dagum_unweighted_transvariation,
    round(people.cv, 10) as cv_weighted, round(alike.cv, 10) as cv,
    round(alike.cv_sample, 10) as cv_sample,
    round(alike.max_min_ratio, 10) as max_min_ratio,
    if(people.is_split, round(people.group_max_min_ratio, 10), null)
        as group_max_min_ratio,
    round(alike.sigma, 10) as sigma, round(alike.sigma_sample, 10) as sigma_sample,
    null as not_computed_reason,
    if(people.is_split, null, 'region without a group') as not_split_reason,
    (select rule_version from parameters where rule_id = 'INEQUALITY')
        as rule_version,
from compared
inner join cell as people
    on compared.comparison_key = people.comparison_key and people.weighting = 'people'
inner join cell as alike
    on
        compared.comparison_key = alike.comparison_key
        and people.group_kind = alike.group_kind and alike.weighting = 'alike'
cross join (
    select count(*) as n_expected from core.dim_region where level = 1
) as expected;
