-- a season that is not known for a role in its region is that of the role, else of the organisation
with int_seasonal_scopes as (
    select * from {{ ref('int_seasonal_scopes') }}
),

int_seasonal_slots__detrended as (
    select * from {{ ref('int_seasonal_slots__detrended') }}
),

known_scopes as (
    select distinct
        metric_id,
        index_scope,
        role,
        region
    from int_seasonal_slots__detrended
),

candidates as (
    select
        int_seasonal_scopes.metric_id,
        int_seasonal_scopes.role,
        int_seasonal_scopes.region,
        coalesce(known_scopes.index_scope, 'none') as index_scope,
        known_scopes.role as index_role,
        known_scopes.region as index_region,
        row_number() over (
            partition by
                int_seasonal_scopes.metric_id, int_seasonal_scopes.role, int_seasonal_scopes.region
            order by
                case known_scopes.index_scope
                    when 'role_region' then 1
                    when 'role' then 2
                    else 3
                end asc nulls last
        ) as preference
    from int_seasonal_scopes
    left join known_scopes
        on
            int_seasonal_scopes.metric_id = known_scopes.metric_id
            and (
                known_scopes.index_scope = 'organisation'
                or (
                    int_seasonal_scopes.role = known_scopes.role
                    and (
                        known_scopes.index_scope = 'role'
                        or int_seasonal_scopes.region = known_scopes.region
                    )
                )
            )
),

final as (
    select
        metric_id,
        role,
        region,
        index_scope,
        index_role,
        index_region
    from candidates
    where preference = 1
)

select * from final
