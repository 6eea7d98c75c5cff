-- What several scripts reckon with: periods as dates and the one before, numbers
-- as text, sums and differences of numbers that a decimal can no longer hold.
create macro start_of(period) as make_date(
    substr(period, 1, 4)::integer,
    case
        when length(period) = 4 then 1
        when period like '%-S%' then right(period, 1)::integer * 6 - 5
        when period like '%-Q%' then right(period, 1)::integer * 3 - 2
        else right(period, 2)::integer
    end,
    1
)
;

create macro period_before(period) as case
    when length(period) = 4 then ((period::integer) - 1)::varchar
    when period like '%-S%'
        then strftime(start_of(period) - interval 6 months, '%Y-S')
        || (date_part('month', start_of(period) - interval 6 months)::integer // 6 + 1)
    when period like '%-Q%'
        then strftime(start_of(period) - interval 3 months, '%Y-Q')
        || (date_part('month', start_of(period) - interval 3 months)::integer // 3 + 1)
    else strftime(start_of(period) - interval 1 month, '%Y-%m')
end
;

create macro plain(number) as
case
    when number = trunc(number) then number::hugeint::varchar
    else rtrim(rtrim(number::decimal(38, 10)::varchar, '0'), '.')
end
;

-- Exact as long as a decimal holds it; between numbers of 28 digits it may not.
create macro difference(one, other) as
coalesce(try(one - other)::double, one::double - other::double)
;

-- The sum of numbers of 28 digits is more than a decimal holds: whole parts and
-- fractions of great numbers are added apart.
create macro added_apart(number) as struct_pack(
    near := sum(case when abs(number) < 1000000000000000000 then number end),
    far := sum(
        case when abs(number) >= 1000000000000000000 then trunc(number) end
    ),
    fractions := sum(
        case
            when abs(number) >= 1000000000000000000
                then number - trunc(number)
        end
    )
)
;

-- The sum, or nothing where it is more than a decimal holds.
create macro put_together(apart) as try(
    coalesce(struct_extract(apart, 'near'), 0)
    + coalesce(struct_extract(apart, 'far'), 0)::decimal(38, 10)
    + coalesce(struct_extract(apart, 'fractions'), 0)
)
;

create macro without_fractions(apart) as
struct_extract(apart, 'far') + trunc(coalesce(struct_extract(apart, 'near'), 0))
;
