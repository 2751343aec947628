-- what: what happened in each period that contains the as-of date, by rep and metric

select
    facts.rep_id,
    facts.metric_id,
    current_days.period_type,
    current_days.period_start,
    sum(facts.value) as value,
    sum(facts.numerator) as numerator,
    sum(facts.denominator) as denominator
from facts
inner join current_days
    on facts.date_day = current_days.date_day
group by 1, 2, 3, 4
