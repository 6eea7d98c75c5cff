with

children as (
    select * from {{ ref('int_alignment_children') }}
    where is_same_definition
),

shares as (
    select * from {{ ref('int_alignment_shares') }}
),

-- Sum; mean weighted by w; and the identity of intensities: the fall of the
-- whole is 1 - sum e(1-r)g / sum y g, with e the shares of energy, y those of
-- output, r the promised falls and g the promised growth factors.
final as (
    select
        children.parent_key,
        children.child_kind,
        count(*) as n_children,
        sum(children.target_value) as total,
        count(shares.weight) as n_weighted,
        sum(shares.weight * cast(children.target_value as double))
        / nullif(
            sum(
                case
                    when children.target_value is not null
                        then shares.weight
                end
            ),
            0
        ) as weighted_mean,
        count(shares.quantity * shares.output * shares.growth_factor)
            as n_intensity,
        round(100 * (
            1 - (
                sum(
                    shares.quantity * shares.growth_factor
                    * (1 - cast(children.target_value as double) / 100.0)
                )
                / nullif(sum(shares.quantity), 0)
            )
            / nullif(
                sum(shares.output * shares.growth_factor)
                / nullif(sum(shares.output), 0),
                0
            )
        ), 10) as intensity_fall_pct
    from children
    left join shares
        on
            children.parent_key = shares.parent_key
            and children.child_key = shares.child_key
    where children.is_same_type and children.target_value is not null
    group by children.parent_key, children.child_kind
)

select * from final
