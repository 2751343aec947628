-- values of so few leads that nothing can be said of them are left out
select
    attribute,
    value_name,
    leads,
    conversions,
    observed_ratio,
    observed_low,
    observed_high,
    lift
from lead_score_attributes
where leads >= 20
order by attribute, observed_ratio desc, value_name
