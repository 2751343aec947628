-- what: What the lead score promised of later leads is what happened to them, but for chance.
-- reason: If not, leads convert differently than they did:
-- remedy: read the ranks, not the percentages, until the score has learnt it.
-- severity: warn
-- table: lead_score_calibration
-- column: mean_predicted
-- expected: mean chance within the 95 % interval of the share that converted
-- absent: the lead score cannot be checked yet

select
    'all leads checked' as subject,
    round(mean_predicted, 4) || ' promised of ' || leads || ' leads' as observed,
    'within ' || round(observed_low, 4) || ' to ' || round(observed_high, 4)
    || ', the 95 % interval of what happened' as expected,
    case when mean_predicted between observed_low and observed_high then 0 else 1 end
        as failed_rows
from marts.lead_score_calibration
where decile = 0 and leads > 0
