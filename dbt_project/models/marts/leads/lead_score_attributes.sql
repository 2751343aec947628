with int_crm__leads as (
    select * from {{ ref('int_crm__leads') }}
    where decided_date <= {{ as_of_date() }}
),

int_lead_attributes as (
    select * from {{ ref('int_lead_attributes') }}
    where record_type = 'lead' and value_class <> ''
),

int_lead_points as (
    select * from {{ ref('int_lead_points') }}
    where record_type = 'lead' and icp_fit is not null
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- the fit to the ideal customer is looked at like any attribute: does it tell who converts?
described as (
    select
        record_id,
        attribute,
        value_class,
        text_value
    from int_lead_attributes
    union all
    select
        record_id,
        'icp_fit' as attribute,
        icp_fit as value_class,
        icp_fit as text_value
    from int_lead_points
),

counted as (
    select
        described.attribute,
        described.value_class,
        max(coalesce(described.text_value, described.value_class)) as value_name,
        count(*) as leads,
        sum(case when int_crm__leads.is_converted_in_time then 1e0 else 0e0 end) as conversions
    from int_crm__leads
    inner join described
        on int_crm__leads.lead_id = described.record_id
    group by 1, 2
),

totals as (
    select
        counted.*,
        sum(counted.conversions) over (partition by counted.attribute)
        / nullif(sum(counted.leads) over (partition by counted.attribute), 0) as base_ratio
    from counted
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        attribute,
        value_class,
        value_name,
        cast(leads as bigint) as leads,
        cast(conversions as bigint) as conversions,
        conversions / nullif(leads * 1e0, 0) as observed_ratio,
        {{ wilson_bound('conversions', 'leads', -1) }} as observed_low,
        {{ wilson_bound('conversions', 'leads', 1) }} as observed_high,
        conversions / nullif(leads * 1e0, 0) / nullif(base_ratio, 0) as lift
    from totals
    cross join int_constants
)

select * from final
