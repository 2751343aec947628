with int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

int_lead_points as (
    select * from {{ ref('int_lead_points') }}
),

period as (
    select * from {{ ref('int_periods') }}
    where period_type = 'last_13_weeks'
),

bounds as (
    select
        cast({{ add_days('period_start', -1) }} as {{ type_text() }}) as first_text,
        cast({{ add_days('period_end', 2) }} as {{ type_text() }}) as after_text
    from period
),

-- the one pass over the activities finds them by their text and reads no more than it must; a local
-- day is within a day of the UTC one. One offset per rep and moment: nothing multiplies
dated as (
    select
        int_rep_offsets.credited_rep_id as rep_id,
        int_crm__activities.account_id,
        int_crm__activities.lead_id,
        {{ local_date(
            'int_crm__activities.occurred_at', 'int_rep_offsets', 'int_crm__activities.occurred_day'
        ) }} as date_day
    from int_crm__activities
    inner join int_rep_offsets
        on
            int_crm__activities.rep_id = int_rep_offsets.rep_id
            and int_crm__activities.occurred_at >= int_rep_offsets.effective_from
            and int_crm__activities.occurred_at < int_rep_offsets.effective_to
    where
        int_crm__activities.occurred_text >= (select bounds.first_text from bounds)
        and int_crm__activities.occurred_text < (select bounds.after_text from bounds)
),

counted as (
    select
        dated.rep_id,
        dated.account_id,
        dated.lead_id,
        count(*) as activity_count
    from dated
    inner join period
        on dated.date_day between period.period_start and period.period_end
    group by 1, 2, 3
),

-- the account says whom an activity was for, else the lead
fitted as (
    select
        counted.rep_id,
        {% for fit in ["good", "fair", "poor"] %}
        sum(
            case
                when coalesce(account_points.icp_fit, lead_points.icp_fit) = '{{ fit }}'
                    then counted.activity_count
                else 0
            end
        ) as {{ fit }}_count,
        {% endfor %}
        sum(counted.activity_count) as activity_count
    from counted
    left join int_lead_points as account_points
        on
            counted.account_id = account_points.record_id
            and account_points.record_type = 'account'
    left join int_lead_points as lead_points
        on counted.lead_id = lead_points.record_id and lead_points.record_type = 'lead'
    group by 1
)

select * from fitted
