{#- The parts of each row make its total. -#}
{% test adds_up(model, total, parts) %}

    select *
    from {{ model }}
    where {{ total }} is distinct from {{ parts | join(' + ') }}

{% endtest %}
