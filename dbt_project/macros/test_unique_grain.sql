{#-
  The grain of a relation names one row; missing parts count as a value.

  With `key`, only the keys that a load since the last build has touched are
  looked at (no further back than the oldest `since` among them), with `touched` only the rows that the latest list of touched series
  had written: what stands from before was tested then, and a wave must not cost
  a look at all history.
-#}
{% test unique_grain(model, columns, key=none, since=none, touched=none) %}

    select
        {{ columns | join(', ') }},
        count(*) as n_rows
    from {{ model }} as tested
    {% if key and not flags.FULL_REFRESH -%}
        {%- set is_fresh -%}
            fresh.load_seq > (
                select coalesce(max(finished.load_seq), -1)
                from {{ source('ops', 'build') }} as finished
            )
        {%- endset -%}
        where
            {{ key }} in (
                select fresh.{{ key }}
                from {{ model }} as fresh
                where {{ is_fresh }}
            )
            {%- if since %}
                and {{ since }} >= (
                    select min(fresh.{{ since }})
                    from {{ model }} as fresh
                    where {{ is_fresh }}
                )
            {%- endif %}
    {%- elif touched -%}
        where exists (
            select 1
            from {{ touched }} as touched
            where
                tested.target_key = touched.target_key
                and tested.period_end >= touched.from_end
        )
    {%- endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
