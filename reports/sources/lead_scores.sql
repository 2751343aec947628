-- partitioned by rep_id: the open leads of one rep
select
    rep_id,
    lead_id,
    account_name,
    created_date,
    source,
    industry,
    employee_count,
    country,
    job_title,
    status,
    icp_fit,
    icp_points,
    rule_points,
    conversion_probability,
    probability_base,
    rank_for_rep,
    reasons,
    score_state
from lead_scores
where is_open
order by rep_id, rank_for_rep
