{#-
  How far a model has read. A watermark is written in the transaction of the
  model itself, so a killed run leaves both or neither.
-#}

{#- Of several models that read on from one step: of the one that is furthest
    behind. One that has read nothing at all is behind all others. -#}
{% macro watermark(column, model_names) -%}
    {%- set names = [model_names] if model_names is string else model_names -%}
    {%- set nothing = '-1' if column == 'load_seq'
        else "cast('0001-01-01' as timestamp)" -%}
    (
        select
            least(
                {% for name in names -%}
                    coalesce(
                        max({{ column }}) filter (where model = '{{ name }}'),
                        {{ nothing }}
                    ){{ ', ' if not loop.last }}
                {%- endfor %}
            )
        from {{ source('ops', 'watermark') }}
        where model in ('{{ names | join("', '") }}')
    )
{%- endmacro %}

{#- Rows that a model, or one of several, has not read: loaded later, or not yet
    known then. -#}
{% macro is_unread(model_names) -%}
    (
        load_seq > {{ watermark('load_seq', model_names) }}
        or known_from > {{ watermark('as_of', model_names) }}
    )
{%- endmacro %}

{#- The same for figures. The first condition follows from the second and is there
    for the engine: blocks of rows that lie below one number it passes over, which
    it cannot do for an "or". -#}
{% macro is_unread_figure(model_names) -%}
    (
        load_seq >= {{ first_unread_load(model_names) }}
        and {{ is_unread(model_names) }}
    )
{%- endmacro %}

{#- And for reports. -#}
{% macro is_unread_report(model_names) -%}
    (
        load_seq >= {{ first_unread_load(
            model_names, 'submission', 'received_at'
        ) }}
        and {{ is_unread(model_names) }}
    )
{%- endmacro %}

{#- No load before it holds a figure that one of the models has still to read: the
    next one or, where figures are loaded before the moment at which they are known,
    the first of those. With none such, least() passes over the null. -#}
{% macro first_unread_load(
    model_names, table='observation', known='known_from'
) -%}
    (
        select
            least(
                {{ watermark('load_seq', model_names) }} + 1,
                (
                    select min(waiting.load_seq)
                    from {{ source('raw', table) }} as waiting
                    where
                        waiting.{{ known }}
                        > {{ watermark('as_of', model_names) }}
                )
            )
    )
{%- endmacro %}

{#- What a model that stands has not read, with its own bounds as figures: the
    engine then works nothing out of a row that has been read, such as its key. -#}
{% macro is_unread_here(model_name) -%}
    {#- A unit test, and a run with --empty, give another table for it. -#}
    {%- if execute and source('ops', 'watermark') | string
        == watermark_table() | string -%}
        {%- set read = run_query(
            "select max(load_seq), max(as_of) from " ~ watermark_table()
            ~ " where model = '" ~ model_name ~ "'"
        ).rows[0] -%}
        {%- if read[0] is none -%}
            true
        {%- else -%}
            (
                load_seq > {{ read[0] }}
                or known_from > cast('{{ read[1] }}' as timestamp)
            )
        {%- endif -%}
    {%- else -%}
        {{ is_unread(model_name) }}
    {%- endif -%}
{%- endmacro %}

{#- Asked while the model is written: with nothing new, the vintages of all rows
    need not be lined up only to find that none is needed. A rule is news also
    when its own date has come. -#}
{% macro has_unread(table) -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select count(*) from " ~ source('raw', table)
            ~ " where " ~ is_unread(this.name)
            ~ (has_begun_or_ended(this.name) if table == 'registry_rules')
        ) -%}
        {{ return(found.columns[0].values()[0] > 0) }}
    {%- endif -%}
    {{ return(true) }}
{%- endmacro %}

{#- Whether one of these registries has a row that this model has not read. -#}
{% macro have_changed(registries) -%}
    {%- set found = namespace(news=false) -%}
    {%- for name in registries if not found.news -%}
        {%- set found.news = has_unread('registry_' ~ name) -%}
    {%- endfor -%}
    {{ return(found.news) }}
{%- endmacro %}

{#- Pre-hook of a table that follows from registries alone: made anew when one
    of them has news, and left standing when none has. -#}
{% macro forget_when_changed(registries) -%}
    {%- if execute and is_incremental() and have_changed(registries) -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}

{#- The table itself: source() is an empty subquery under --empty. -#}
{% macro watermark_table() -%}
    {{ api.Relation.create(
        database=target.database, schema='ops', identifier='watermark'
    ) }}
{%- endmacro %}

{#- Pre-hook: a model that is built anew has read nothing. -#}
{% macro reset_watermark() -%}
    {%- if execute and not is_incremental() -%}
        delete from {{ watermark_table() }} where model = '{{ this.name }}'
    {%- endif -%}
{%- endmacro %}

{#- Pre-hook: rows that were known later cannot be taken out one by one. -#}
{% macro refuse_going_back() -%}
    {%- if execute and is_incremental() -%}
        select
            case
                when
                    clock.load_seq < {{ watermark('load_seq', this.name) }}
                    or clock.as_of < {{ watermark('as_of', this.name) }}
                    then error(
                        '{{ this.name }} has read past this clock:'
                        || ' build with --full-refresh'
                    )
            end as refusal
        from {{ ref('stg_clock') }} as clock
    {%- endif -%}
{%- endmacro %}

{#-
  Post-hook. A model has read no further than its clock and no further than
  each parent with a watermark of its own; with --empty it has read nothing,
  and one that is made share by share has read nothing before the last of them.
-#}
{% macro record_watermark(parents=[], clock='stg_clock') -%}
    {%- if
        execute and is_last_share()
        and not invocation_args_dict.get('empty')
    -%}
        insert into {{ watermark_table() }} (model, load_seq, as_of)
        select
            '{{ this.name }}' as model,
            min(bounds.load_seq) as load_seq,
            min(bounds.as_of) as as_of
        from (
            select clock.load_seq, clock.as_of
            from {{ ref(clock) }} as clock
            {%- for parent in parents %}
            union all
            select max(load_seq) as load_seq, max(as_of) as as_of
            from {{ watermark_table() }}
            where model = '{{ parent }}'
            {%- endfor %}
        ) as bounds
        having count(bounds.load_seq) = {{ parents | length + 1 }}
    {%- endif -%}
{%- endmacro %}

{#- The same for what another model reads: its list of touched series is made
    before the model itself. -#}
{% macro reset_watermark_of(model, schema='marts') -%}
    {%- if execute -%}
        {%- set reader = adapter.get_relation(
            target.database, schema, model
        ) -%}
        {%- if flags.FULL_REFRESH or reader is none -%}
            delete from {{ watermark_table() }} where model = '{{ model }}'
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- Pre-hook: a series is first forgotten from the period on from which it is
    read again, so that one which no longer has rows leaves none behind. -#}
{% macro forget_touched(touched, key) -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using {{ ref(touched) }} as touched
        where
            told.{{ key }} = touched.{{ key }}
            and told.period_end >= touched.from_end
            and told.period_end >= {{ earliest('bound.from_end', ref(touched)) }}
    {%- endif -%}
{%- endmacro %}
