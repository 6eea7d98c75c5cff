{#- The grain of a relation names one row; missing parts count as a value. -#}
{% test unique_grain(model, columns) %}

    select
        {{ columns | join(', ') }},
        count(*) as n_rows
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
