{#- At the end of a run, before memory is given back: what only the run needed would
    be written to disk on its way out. -#}
{% macro forget_scratch() -%}
    {%- if execute -%}
        drop schema if exists scratch.intermediate cascade
    {%- endif -%}
{%- endmacro %}

{#- At the end of a run, before the file is written through. To write it takes
    memory that the engine does not count against its limit, while its limit is full
    of blocks that nobody reads any more: half of it is given up. Half of what is
    set, so that a file which stays open from run to run keeps that half. -#}
{% macro leave_room_for_the_checkpoint() -%}
    {%- if execute -%}
        {%- set number, unit = modules.re.match(
            '\\s*([0-9.]+)\\s*(.*)', env_var('PLANWATCH_MEMORY_LIMIT', '2GB')
        ).groups() -%}
        set global memory_limit = '{{ number | float / 2 }}{{ unit }}'
    {%- endif -%}
{%- endmacro %}
