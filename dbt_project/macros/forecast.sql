{#-
  What a forecast remembers of the points that a series has left behind: so
  that a new month costs a month, however long the series is.
-#}

{#- Of a unit's series with seasons the points of so many latest periods stay
    open, to be read again one by one when a figure is restated. -#}
{% macro open_steps() -%} 6 {%- endmacro %}

{#- Changes of a series as a random walk with drift sees them: how long, how
    fast, how scattered, how many. Two such states make one (Chan, Golub and
    LeVeque 1983, updating formulae for the sample variance): folded from left
    to right, in one go or in several, they give the same bytes. -#}
{% macro drift_state(span='0', drift='0', squares='0', moves='0') -%}
    struct_pack(
        span := cast({{ span }} as double),
        drift := cast({{ drift }} as double),
        squares := cast({{ squares }} as double),
        moves := cast({{ moves }} as bigint)
    )
{%- endmacro %}

{#- The state of the changes in `a` and, after them, those in `b`. -#}
{% macro add_drift(a, b) -%}
    struct_pack(
        span := {{ a }}.span + {{ b }}.span,
        drift := {{ a }}.drift
        + ({{ b }}.drift - {{ a }}.drift) * {{ b }}.span
        / ({{ a }}.span + {{ b }}.span),
        squares := {{ a }}.squares + {{ b }}.squares
        + ({{ b }}.drift - {{ a }}.drift) * ({{ b }}.drift - {{ a }}.drift)
        * {{ a }}.span * {{ b }}.span / ({{ a }}.span + {{ b }}.span),
        moves := {{ a }}.moves + {{ b }}.moves
    )
{%- endmacro %}

{#- The change of a point since the last one of its season. -#}
{% macro move_of(now, before, seasons='seasons') -%}
    {{ drift_state(
        '(' ~ now ~ '.step_no - ' ~ before ~ '.step_no) / ' ~ seasons,
        '(' ~ now ~ '.y - ' ~ before ~ '.y) * ' ~ seasons
        ~ ' / (' ~ now ~ '.step_no - ' ~ before ~ '.step_no)',
        moves='1'
    ) }}
{%- endmacro %}

{#- The state `ended` and after it those of the list. The linter reads two
    variables of a lambda only in brackets, the engine only without. -#}
{% macro fold_drift(states, ended) -%}
    list_reduce(
        {{ states }},
        lambda {{ 'a, b' if execute else '(a, b)' }}: {{ add_drift('a', 'b') }},
        {{ ended }}
    )
{%- endmacro %}

{#- The last of some points that is of the season of a series' target. -#}
{% macro last_of_season(points, series) -%}
    [
        p for p in {{ points }}
        if p.step_no % {{ series }}.seasons
        = {{ series }}.target_step % {{ series }}.seasons
    ][-1]
{%- endmacro %}

{#- The point in a place of all that is remembered of a series: seasons that ended,
    after them what is open, and then the new one. -#}
{% macro point_in_place(place) -%}
    case
        when {{ place }} <= n_season_ends then season_ends[{{ place }}]
        when {{ place }} <= n_reached then points[{{ place }} - n_season_ends]
        else new_point
    end
{%- endmacro %}
