{#- At the end of a run, before the file is written through. To write it takes
    memory that the engine does not count against its limit, while its limit is full
    of blocks that nobody reads any more: half of it is given up. -#}
{% macro leave_room_for_the_checkpoint() -%}
    {%- if execute -%}
        {%- set limit = run_query(
            "select current_setting('memory_limit')"
        ).rows[0][0].split() -%}
        set global memory_limit = '{{ limit[0] | float / 2 }} {{ limit[1] }}'
    {%- endif -%}
{%- endmacro %}
