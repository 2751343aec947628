-- what: the reps whom a goal is for on some day

select held_goals.goal_number, held_goals.metric_id, rep_spans.role, rep_spans.tier
from held_goals
inner join rep_spans
    on
        case held_goals.scope
            when 'rep' then rep_spans.rep_id = held_goals.scope_value
            when 'team' then rep_spans.team = held_goals.scope_value
            when 'role' then rep_spans.role = held_goals.scope_value
            when 'region' then rep_spans.region = held_goals.scope_value
            else true
        end
        and (held_goals.tier = '' or held_goals.tier = rep_spans.tier)
        and held_goals.first_day <= rep_spans.last_day
        and held_goals.last_day >= rep_spans.first_day
group by all
