{#-
  The grain of a relation names one row; missing parts count as a value.

  With `key`, only the keys that a load since the last build has touched are
  looked at (no further back than the oldest `since` among them), as the relation
  itself tells or the facts that it is made of (`told_by`); with `touched`
  only the rows that the latest list of touched series, one row each, had written:
  what stands from before was tested then, and a wave must not cost a look at all
  history. A join, because `exists` with an inequality takes ten times as long.
  `touched_by` names what it lists instead, if that is written anew as a whole.

  `counted_by` names fewer columns to count by, among them a hash of the others:
  rows that are equal in the grain are equal in these.
-#}
{% test unique_grain(
    model, columns, key=none, since=none, told_by=none, touched=none,
    touched_by=none, counted_by=none
) %}

    {%- set grain = 'tested.' ~ (counted_by or columns) | join(', tested.') %}
    select
        {{ grain }},
        count(*) as n_rows
    from {{ model }} as tested
    {% if key and not flags.FULL_REFRESH -%}
        {%- set is_fresh -%}
            load_seq > (
                select coalesce(max(finished.load_seq), -1)
                from {{ source('ops', 'build') }} as finished
            )
        {%- endset -%}
        where
            {{ key }} in (
                select {{ key }}
                from {{ told_by or model }}
                where {{ is_fresh }}
            )
            {%- if since %}
                and {{ since }} >= {{ earliest('bound.' ~ since, model, is_fresh) }}
            {%- endif %}
    {%- elif touched_by -%}
        where
            (tested.{{ touched_by | join(', tested.') }}) in (
                select {{ touched_by | join(', ') }}
                from {{ touched }}
            )
    {%- elif touched -%}
        inner join {{ touched }} as touched
            on
                tested.target_key = touched.target_key
                and tested.period_end >= touched.from_end
        where tested.period_end >= {{ earliest('bound.from_end', touched) }}
    {%- endif %}
    group by {{ grain }}
    having count(*) > 1

{% endtest %}
