with int_lead_attributes as (
    select * from {{ ref('int_lead_attributes') }}
),

icp_rules as (
    select * from {{ ref('icp_rules') }}
),

lead_score_rules as (
    select * from {{ ref('lead_score_rules') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

rules as (
    {% for rules in ["icp_rules", "lead_score_rules"] %}
    select
        '{{ rules }}' as rule_set,
        attribute,
        operator,
        lower(value) as value,
        case when operator in ('>=', '<') then cast(value as {{ type_double() }}) end as edge,
        points
    from {{ rules }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

rule_counts as (
    select
        sum(case when rule_set = 'icp_rules' then 1 else 0 end) as icp_rule_count,
        sum(case when rule_set = 'lead_score_rules' then 1 else 0 end) as lead_rule_count
    from rules
),

-- all values of a class fit the same rules, so that each class is compared once
classes as (
    select
        attribute,
        value_class,
        min(number_value) as number_value
    from int_lead_attributes
    group by 1, 2
),

matches as (
    select
        classes.attribute,
        classes.value_class,
        sum(case when rules.rule_set = 'icp_rules' then rules.points else 0 end) as icp_points,
        sum(case when rules.rule_set = 'lead_score_rules' then rules.points else 0 end)
            as rule_points
    from classes
    inner join rules
        on classes.attribute = rules.attribute
    where
        case rules.operator
            when 'is_blank' then classes.value_class = ''
            when '>=' then classes.number_value >= rules.edge
            when '<' then classes.number_value < rules.edge
            when '=' then classes.value_class = rules.value
            when 'in'
                then
                    classes.value_class <> ''
                    and {{ is_listed('classes.value_class', 'rules.value') }}
            else classes.value_class like '%' || rules.value || '%'
        end
    group by 1, 2
),

-- a class is one row of matches at most
summed as (
    select
        int_lead_attributes.record_type,
        int_lead_attributes.record_id,
        sum(coalesce(matches.icp_points, 0)) as icp_points,
        sum(coalesce(matches.rule_points, 0)) as rule_points,
        sum(
            case
                when int_lead_attributes.value_class = '' then 0
                when int_lead_attributes.attribute in ('source', 'job_title') then 0
                else 1
            end
        ) as known_company_attributes
    from int_lead_attributes
    left join matches
        on
            int_lead_attributes.attribute = matches.attribute
            and int_lead_attributes.value_class = matches.value_class
    group by 1, 2
),

-- without a rule there are no points, and of a company that nobody knows there is no fit
pointed as (
    select
        summed.record_type,
        summed.record_id,
        int_settings.icp_good_points,
        int_settings.icp_fair_points,
        case
            when rule_counts.icp_rule_count > 0 and summed.known_company_attributes > 0
                then summed.icp_points
        end as icp_points,
        case when rule_counts.lead_rule_count > 0 then summed.rule_points end as rule_points
    from summed
    cross join rule_counts
    cross join int_settings
),

final as (
    select
        record_type,
        record_id,
        icp_points,
        case
            when icp_points >= icp_good_points then 'good'
            when icp_points >= icp_fair_points then 'fair'
            when icp_points is not null then 'poor'
        end as icp_fit,
        rule_points
    from pointed
)

select * from final
