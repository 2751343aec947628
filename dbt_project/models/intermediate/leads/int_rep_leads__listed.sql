with int_leads__ranked as (
    select * from {{ ref('int_leads__ranked') }}
),

worded as (
    select
        rep_id,
        lead_id,
        rank_for_rep,
        coalesce(account_name, lead_id)
        || coalesce(', ' || {{ chance_text('conversion_probability') }} || ' to convert', '')
            as lead_text
    from int_leads__ranked
),

listed as (
    select
        rep_id,
        max(case when rank_for_rep = 1 then lead_id end) as lead_1_id,
        max(case when rank_for_rep = 1 then lead_text end) as lead_1,
        max(case when rank_for_rep = 2 then lead_id end) as lead_2_id,
        max(case when rank_for_rep = 2 then lead_text end) as lead_2,
        max(case when rank_for_rep = 3 then lead_id end) as lead_3_id,
        max(case when rank_for_rep = 3 then lead_text end) as lead_3
    from worded
    group by 1
)

select * from listed
