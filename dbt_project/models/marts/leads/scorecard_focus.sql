with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
    where period_type = 'last_13_weeks' and is_current
),

int_rep_cards as (
    select * from {{ ref('int_rep_cards') }}
    where purpose = 'period' and period_type = 'last_13_weeks'
),

int_rep_activities__fitted as (
    select * from {{ ref('int_rep_activities__fitted') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

icp_rules as (
    select count(*) as rule_count from {{ ref('icp_rules') }}
),

carded_reps as (
    select distinct rep_id from int_rep_cards
),

-- a rep who did nothing is there with 0
placed as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.rep_name,
        int_rep_periods.team,
        int_rep_periods.role,
        int_rep_periods.period_type,
        int_rep_periods.period_start,
        int_rep_periods.period_end,
        {% for fit in ["good", "fair", "poor"] %}
        coalesce(int_rep_activities__fitted.{{ fit }}_count, 0) as {{ fit }}_count,
        {% endfor %}
        coalesce(
            int_rep_activities__fitted.good_count + int_rep_activities__fitted.fair_count
            + int_rep_activities__fitted.poor_count, 0
        ) as known_count,
        coalesce(int_rep_activities__fitted.activity_count, 0) as activity_count
    from int_rep_periods
    inner join carded_reps
        on int_rep_periods.rep_id = carded_reps.rep_id
    left join int_rep_activities__fitted
        on int_rep_periods.rep_id = int_rep_activities__fitted.rep_id
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
        {{ as_of_date() }} as as_of_date,
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
