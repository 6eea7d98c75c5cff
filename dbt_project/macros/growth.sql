{#- What names a series of a region. -#}
{% macro official_series() -%}
    {{ return([
        'source_kind', 'source_code', 'region_code', 'indicator_code',
        'definition_version', 'breakdown',
    ]) }}
{%- endmacro %}

{#- Figures of series at the ends of periods that a relation lists; a period is
    named by its end too, so that other years are not looked at. -#}
{% macro figures_of(ends) -%}
    select
        observations.*,
        {{ ends }}.months,
        {{ hash_key([
            'observations.source_kind', 'observations.source_code',
            'observations.region_code', 'observations.indicator_code',
            'observations.definition_version', 'observations.breakdown',
        ]) }} as series_key
    from {{ ref('fct_observation') }} as observations
    inner join {{ ends }}
        on
            {{ same(official_series(), 'observations', ends) }}
            and observations.period_end = {{ ends }}.period_end
            and {{ period_months('observations.period') }} = {{ ends }}.months
    where
        observations.unit_code is null
        and observations.value is not null
        and observations.period_end
        between {{ earliest('bound.period_end', ends) }}
        and {{ latest('bound.period_end', ends) }}
{%- endmacro %}

{#- Pre-hook: growth to and from a figure of which a vintage has not been read. -#}
{% macro forget_moved_growth() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using (
            select distinct
                {{ official_series() | join(', ') }},
                period
            from {{ ref('fct_observation') }}
            where unit_code is null and {{ is_unread_figure(this.name) }}
        ) as unread
        where
            {{ same(official_series(), 'told', 'unread') }}
            and unread.period in (told.period, told.previous_period)
    {%- endif -%}
{%- endmacro %}
