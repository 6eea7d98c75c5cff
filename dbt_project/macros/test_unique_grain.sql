{#-
  The grain of a relation names one row; missing parts count as a value.

  With `key`, only the keys are looked at of which something was loaded since the last
  build, or became known (`known`) although it was loaded before; no further back than
  the oldest `since` (a day, or `period`, by its name) among them. The relation itself
  says which, or the facts that it is made of (`told_by`). With `touched`, only the rows
  that the latest list of touched series, one row each, had written; `touched_by` names
  the columns of another list, the period among them, of which all rows are written
  anew. What stands from before was tested then, and a wave must not cost a look at all
  history. A join, because `exists` with an inequality takes ten times as long.

  `counted_by` names fewer columns to count by, among them a hash of the others:
  rows that are equal in the grain are equal in these.
-#}
{% test unique_grain(
    model, columns, key=none, since=none, known='known_from', told_by=none,
    touched=none, touched_by=none, counted_by=none
) %}

    {%- set grain = 'tested.' ~ (counted_by or columns) | join(', tested.') %}
    select
        {{ grain }},
        count(*) as n_rows
    from {{ model }} as tested
    {% if key and not flags.FULL_REFRESH -%}
        {#- Each for itself: of an "or" the engine passes over no blocks. -#}
        {%- set fresh -%}
            (
                {% for column, reached, nothing in [
                    ('load_seq', 'load_seq', '-1'),
                    (known, 'as_of', "cast('0001-01-01' as timestamp)"),
                ] -%}
                    select {{ [key, since] | select | join(', ') }}
                    from {{ told_by or model }}
                    where
                        {{ column }} > (
                            select coalesce(max(finished.{{ reached }}), {{ nothing }})
                            from {{ source('ops', 'build') }} as finished
                        )
                    {{ 'union all' if not loop.last }}
                {% endfor -%}
            )
        {%- endset %}
        where
            {{ key }} in (select {{ key }} from {{ fresh }} as fresh)
            {%- if since %}
                and {{ since }} >= {{
                    earliest_period(fresh) if since == 'period'
                    else earliest('bound.' ~ since, fresh)
                }}
            {%- endif %}
    {%- elif touched_by -%}
        where
            (tested.{{ touched_by | join(', tested.') }}) in (
                select {{ touched_by | join(', ') }}
                from {{ touched }}
            )
            and tested.period >= {{ earliest_period(touched) }}
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
