{#- The promise behind a target: what stays the same when its figure, its
    definition or the version of its plan changes. -#}
{% macro pledge_key() -%}
    {{ hash_key([
        'plan_code', 'indicator_code', 'region_code', 'unit_code', 'breakdown',
    ]) }}
{%- endmacro %}

{#- A duty to report: one form of one unit. -#}
{% macro duty_key() -%}
    {{ hash_key(["'duty'", 'form_code', 'unit_code']) }}
{%- endmacro %}

{#- Stable name of a warning: the rule and what it speaks of, nothing else. -#}
{% macro warning_id(parts) -%}
    concat('EW-', substr({{ hash_key(parts) }}, 1, 12))
{%- endmacro %}

{#- 3 above red_at, 2 from orange_at, 1 from yellow_at, 0 below; a threshold
    that the rule does not name is never reached. -#}
{% macro level_at(measure) -%}
    case
        when {{ measure }} > red_at then 3
        when {{ measure }} >= orange_at then 2
        when {{ measure }} >= yellow_at then 1
        else 0
    end
{%- endmacro %}

{#- What nobody is bound to is orange at most. -#}
{% macro severity_of(level, binding) -%}
    case
        when {{ level }} = 1 then 'yellow'
        when {{ level }} = 2 or not {{ binding }} then 'orange'
        else 'red'
    end
{%- endmacro %}

{#- Whole steps of escalate_every that have passed; none where it is unset. -#}
{% macro escalation(passed, every='escalate_every') -%}
    cast(
        coalesce(
            floor(({{ passed }}) / nullif({{ every }}, 0)), 0
        ) as integer
    )
{%- endmacro %}

{#- Pre-hook: what is judged again is first forgotten. Subjects that are few
    (plans, milestones) are judged whole each time. -#}
{% macro forget_warnings() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where
            subject_kind not in ('target', 'duty')
            or subject_key in (
                select subject_key from {{ ref('int_warnings_touched_duties') }}
                union all
                select subject_key from {{ ref('int_warnings_seams') }}
                where is_rewound
            )
    {%- endif -%}
{%- endmacro %}

{#- The end of what still stands: a day, since "is null" passes over no blocks. -#}
{% macro no_end() -%} cast('9999-12-31' as date) {%- endmacro %}

{#- A row of the kept state as it stood before the seam of its target. The bound
    of all seams first: it spares reading what was over before. -#}
{% macro stood_at_seam(kept, which='true') -%}
    {{ kept }}.until_end >= {{ earliest(
        'bound.seam', ref('int_warnings_seams'), which
    ) }}
    and {{ kept }}.until_end >= seams.seam
    and {{ kept }}.last_end < seams.seam
{%- endmacro %}

{#-
  Post-hook. The state from which the next wave continues: where each series
  stood at the end of each half-year, and now. It is written in the transaction of
  int_warnings, with its rows and its watermark: a killed build leaves all of
  them or none, and the steps before are made again from the state that stands.
  `model` says which rows there are, `rows` what they say.
-#}
{% macro keep_warned(table, model, key, rows=model) -%}
    {%- set kept = api.Relation.create(
        database=target.database, schema='ops', identifier=table
    ) -%}
    {%- if execute and not invocation_args_dict.get('empty') -%}
        {%- if not is_incremental() -%}
            delete from {{ kept }};
        {%- else -%}
            delete from {{ kept }} as kept
            using {{ ref('int_warnings_seams') }} as seams
            where
                seams.is_rewound
                and kept.target_key = seams.target_key
                and kept.last_end >= seams.seam
                and kept.last_end >= {{ earliest(
                    'bound.seam', ref('int_warnings_seams'), 'bound.is_rewound'
                ) }};

            {#- What stood at the seam stands again, if nothing newer is told. Updates
                go in the order of the rows: in another the engine takes ten times as
                long. -#}
            update {{ kept }} as kept
            set until_end = {{ no_end() }}
            from (
                select standing.rowid as row_no
                from {{ kept }} as standing
                inner join {{ ref('int_warnings_seams') }} as seams
                    on standing.target_key = seams.target_key
                where
                    seams.is_rewound
                    and {{ stood_at_seam('standing', 'bound.is_rewound') }}
                order by standing.rowid
            ) as reopened
            where kept.rowid = reopened.row_no;

            create or replace temporary table followed as
            select
                standing.rowid as row_no,
                min(told.last_end) as until_end,
                bool_or(
                    {{ half_year('standing.last_end') }}
                    = {{ half_year('told.last_end') }}
                ) as is_replaced
            from {{ kept }} as standing
            inner join {{ ref(model) }} as told
                on {{ same(key, 'standing', 'told') }}
            where standing.until_end = {{ no_end() }}
            group by standing.rowid
            order by standing.rowid;

            delete from {{ kept }}
            where rowid in (
                select followed.row_no from followed
                where followed.is_replaced
            );

            update {{ kept }} as kept
            set until_end = followed.until_end
            from followed
            where
                kept.rowid = followed.row_no
                and not followed.is_replaced;

            drop table followed;
        {%- endif %}
        insert into {{ kept }} by name
        select * from {{ ref(rows) }} order by last_end
        {%- if is_of_several_shares() and is_last_share() -%}
            ;
            {#- Share by share it lies in no order of time: then a wave that
                replaces the latest rows would write blocks of all shares. -#}
            create or replace temporary table in_order as
            select * from {{ kept }} order by last_end;

            delete from {{ kept }};
            insert into {{ kept }} from in_order;
            drop table in_order
        {%- endif %}
    {%- endif -%}
{%- endmacro %}

{% macro severity_rank(severity) -%}
    case {{ severity }} when 'red' then 3 when 'orange' then 2 else 1 end
{%- endmacro %}

{#- By days past a promise; a threshold that the rule does not name is never
    reached. -#}
{% macro severity_after(days, rule='rule') -%}
    case
        when {{ days }} > {{ rule }}.red_after then 'red'
        when {{ days }} > {{ rule }}.orange_after then 'orange'
        else 'yellow'
    end
{%- endmacro %}

{#- Days after the promise on which the present severity was reached. -#}
{% macro reached_after(days, rule='rule') -%}
    cast(
        case
            when {{ days }} > {{ rule }}.red_after then {{ rule }}.red_after
            when {{ days }} > {{ rule }}.orange_after
                then {{ rule }}.orange_after
            else {{ rule }}.yellow_after
        end as integer
    )
{%- endmacro %}

{#- How many of the latest periods of a run its evidence lists: first_period and
    the number of periods tell the rest. -#}
{% macro periods_in_evidence() -%} 12 {%- endmacro %}

{#- A period of a run as it is kept. Each wave writes the periods of nearly all
    runs: with names that takes longer (docs/decisions/0043). -#}
{% macro period_of_run(of='') -%}
    struct_pack(
        period_no := {{ period_no(of ~ 'period') }},
        status_no := cast(
            list_position({{ rag_statuses() }}, {{ of }}status_raw) as utinyint
        ),
        gap_pct := {{ of }}gap_pct
    )
{%- endmacro %}

{#- Such periods as they are read. -#}
{% macro named_periods(periods) -%}
    [
        struct_pack(
            period := {{ period_of_no('p.period_no') }},
            status_raw := {{ rag_statuses() }}[p.status_no],
            gap_pct := p.gap_pct
        )
        for p in {{ periods }}
    ]
{%- endmacro %}

{% macro rag_statuses() -%}
    ['achieved', 'green', 'yellow', 'red', 'not_rated']
{%- endmacro %}

{#- The first of a list of answers that holds for the warning as it was when it was
    given: not for a later outbreak, not for a worse severity, not past its end. -#}
{% macro standing_answer(answers, warnings) -%}
    list_filter(
        {{ answers }},
        lambda answer:
            answer.acknowledged_at >= {{ warnings }}.first_raised_at
            and {{ severity_rank('answer.severity') }}
            >= {{ severity_rank(warnings ~ '.severity') }}
            and (
                answer.acknowledged_until is null
                or {{ end_of_day('answer.acknowledged_until') }} >= clock.as_of
            )
    )[1]
{%- endmacro %}
