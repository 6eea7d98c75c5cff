-- Periods as dates, and the one before.
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
