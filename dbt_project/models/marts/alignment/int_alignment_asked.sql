with

clock as (
    select * from {{ ref('stg_clock') }}
),

targets as (
    select * from {{ ref('fct_target') }}
    where is_current
),

children as (
    select * from {{ ref('int_alignment_children') }}
),

expected as (
    select distinct
        parent_key,
        child_kind,
        child_code
    from {{ ref('int_alignment_expected') }}
),

waivers as (
    select waivers.*
    from {{ ref('fct_target_waiver') }} as waivers
    cross join clock
    where
        waivers.is_current
        and waivers.waived_until >= cast(clock.as_of as date)
),

-- A region carries its share in the same plan or in a plan of its own below.
carriers as (
    select
        parent_key,
        child_kind,
        child_code
    from children
    union
    select
        parent_key,
        'region' as child_kind,
        region_code as child_code
    from children
    where child_kind = 'plan'
),

asked as (
    select
        expected.*,
        carriers.child_code is null as is_missing
    from expected
    left join carriers
        on
            expected.parent_key = carriers.parent_key
            and expected.child_kind = carriers.child_kind
            and expected.child_code = carriers.child_code
),

-- Of several waivers for one child one is enough to name.
waived as (
    select
        asked.parent_key,
        asked.child_kind,
        asked.child_code,
        min(
            concat(
                asked.child_code, ': ', waivers.waived_why, ' (',
                waivers.waived_by, ', until ', waivers.waived_until, ')'
            )
        ) as waiver
    from asked
    inner join targets on asked.parent_key = targets.target_key
    inner join waivers
        on
            {{ same(
                ['plan_code', 'plan_version', 'indicator_code'],
                'targets', 'waivers'
            ) }}
            and coalesce(
                asked.child_kind = waivers.child_kind
                and asked.child_code = waivers.child_code,
                true
            )
    where asked.is_missing
    group by asked.parent_key, asked.child_kind, asked.child_code
),

final as (
    select
        asked.parent_key,
        asked.child_kind,
        count(*) as n_expected,
        count(*) filter (where asked.is_missing) as n_missing,
        {{ text_list('case when asked.is_missing then asked.child_code end') }}
            as missing_children,
        count(waived.waiver) as n_waived,
        {{ text_list('waived.waiver', '; ') }} as waived_children
    from asked
    left join waived
        on {{ same(
            ['parent_key', 'child_kind', 'child_code'], 'asked', 'waived'
        ) }}
    group by asked.parent_key, asked.child_kind
)

select * from final
