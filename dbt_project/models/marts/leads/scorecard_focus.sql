with scorecard_reps as (
    select * from {{ ref('scorecard_reps') }}
    where period_type = 'last_13_weeks' and is_current
),

int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

int_lead_points as (
    select * from {{ ref('int_lead_points') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

icp_rules as (
    select count(*) as rule_count from {{ ref('icp_rules') }}
),

-- the one pass over the activities finds them by their text and reads no more than it must; a local
-- day is within a day of the UTC one. One offset per rep and moment: nothing multiplies
dated as (
    select
        int_rep_offsets.credited_rep_id as rep_id,
        int_crm__activities.account_id,
        int_crm__activities.lead_id,
        {{ local_date('int_crm__activities.occurred_at', 'int_rep_offsets') }} as date_day
    from int_crm__activities
    inner join int_rep_offsets
        on
            int_crm__activities.rep_id = int_rep_offsets.rep_id
            and int_crm__activities.occurred_at >= int_rep_offsets.effective_from
            and int_crm__activities.occurred_at < int_rep_offsets.effective_to
    where
        int_crm__activities.occurred_text
        >= cast({{ add_days(as_of_date(), -91) }} as {{ type_text() }})
        and int_crm__activities.occurred_text
        < cast({{ add_days(as_of_date(), 2) }} as {{ type_text() }})
),

counted as (
    select
        rep_id,
        account_id,
        lead_id,
        count(*) as activity_count
    from dated
    where date_day between {{ add_days(as_of_date(), -90) }} and {{ as_of_date() }}
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
),

-- a rep who did nothing is there with 0
placed as (
    select
        scorecard_reps.as_of_date,
        scorecard_reps.rep_id,
        scorecard_reps.rep_name,
        scorecard_reps.team,
        scorecard_reps.role,
        scorecard_reps.period_type,
        scorecard_reps.period_start,
        scorecard_reps.period_end,
        coalesce(fitted.activity_count, 0) as activity_count,
        {% for fit in ["good", "fair", "poor"] %}
        coalesce(fitted.{{ fit }}_count, 0) as {{ fit }}_count,
        {% endfor %}
        coalesce(fitted.good_count + fitted.fair_count + fitted.poor_count, 0) as known_count
    from scorecard_reps
    left join fitted
        on scorecard_reps.rep_id = fitted.rep_id
),

compared as (
    select
        placed.*,
        sum(placed.good_count) over (partition by placed.team) as team_good_count,
        sum(placed.known_count) over (partition by placed.team) as team_known_count
    from placed
),

final as (
    select
        compared.as_of_date,
        compared.rep_id,
        compared.rep_name,
        compared.team,
        compared.role,
        compared.period_type,
        compared.period_start,
        compared.period_end,
        cast(compared.activity_count as bigint) as activity_count,
        cast(compared.known_count as bigint) as known_count,
        {% for fit in ["good", "fair", "poor"] %}
        cast(compared.{{ fit }}_count as bigint) as {{ fit }}_count,
        {% endfor %}
        {% for fit in ["good", "fair", "poor"] %}
        case
            when compared.known_count >= int_settings.focus_min_activities
                then compared.{{ fit }}_count / nullif(compared.known_count * 1e0, 0)
        end as {{ fit }}_ratio,
        {% endfor %}
        case
            when compared.team_known_count >= int_settings.focus_min_activities
                then compared.team_good_count / nullif(compared.team_known_count * 1e0, 0)
        end as team_good_ratio,
        case
            when icp_rules.rule_count = 0
                then 'not known: the policy has no rules for the ideal customer'
            when compared.activity_count = 0 then 'not known: no activity was logged'
            when compared.known_count = 0
                then 'not known: no activity names an account or lead that is known'
            when compared.known_count < int_settings.focus_min_activities
                then
                    'not known: '
                    || cast(cast(compared.known_count as bigint) as {{ type_text() }}) || ' of '
                    || cast(int_settings.focus_min_activities as {{ type_text() }})
                    || ' activities with a known account needed'
            else 'known'
        end as focus_state
    from compared
    cross join int_settings
    cross join icp_rules
)

select * from final
