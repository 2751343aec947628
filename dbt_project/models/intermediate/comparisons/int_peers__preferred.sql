with int_rep_results__rated as (
    select * from {{ ref('int_rep_results__rated') }}
),

int_peers__ranked as (
    select * from {{ ref('int_peers__ranked') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

circle_sizes as (
    select distinct
        peer_scope,
        width,
        role,
        tier,
        metric_id,
        period_type,
        period_start,
        rep_count
    from int_peers__ranked
),

-- the rep is not a peer of the rep
sized_circles as (
    select
        int_rep_results__rated.rep_id,
        int_rep_results__rated.metric_id,
        int_rep_results__rated.period_type,
        int_rep_results__rated.period_start,
        circle_sizes.peer_scope,
        circle_sizes.width,
        circle_sizes.role,
        circle_sizes.tier,
        circle_sizes.rep_count - case when int_peers__ranked.rep_id is null then 0 else 1 end
            as peer_count,
        coalesce(int_peers__ranked.place, circle_sizes.rep_count + 1) as own_place
    from int_rep_results__rated
    inner join circle_sizes
        on
            int_rep_results__rated.metric_id = circle_sizes.metric_id
            and int_rep_results__rated.period_type = circle_sizes.period_type
            and int_rep_results__rated.period_start = circle_sizes.period_start
            and (
                circle_sizes.peer_scope = 'organisation'
                or int_rep_results__rated.role = circle_sizes.role
            )
            and (
                circle_sizes.peer_scope <> 'role_tier'
                or int_rep_results__rated.tier = circle_sizes.tier
            )
    left join int_peers__ranked
        on
            int_rep_results__rated.rep_id = int_peers__ranked.rep_id
            and int_rep_results__rated.metric_id = int_peers__ranked.metric_id
            and int_rep_results__rated.period_type = int_peers__ranked.period_type
            and int_rep_results__rated.period_start = int_peers__ranked.period_start
            and circle_sizes.peer_scope = int_peers__ranked.peer_scope
),

preferred as (
    select
        sized_circles.*,
        row_number() over (
            partition by
                sized_circles.rep_id,
                sized_circles.metric_id,
                sized_circles.period_type,
                sized_circles.period_start
            order by sized_circles.width asc nulls last
        ) as preference
    from sized_circles
    cross join int_settings
    where sized_circles.peer_count >= int_settings.min_peers
),

final as (
    select
        rep_id,
        metric_id,
        period_type,
        period_start,
        peer_scope,
        role,
        tier,
        peer_count,
        own_place
    from preferred
    where preference = 1
)

select * from final
