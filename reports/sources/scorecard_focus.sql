select
    rep_id,
    rep_name,
    team,
    period_start,
    period_end,
    activity_count,
    known_count,
    good_count,
    fair_count,
    poor_count,
    good_ratio,
    fair_ratio,
    poor_ratio,
    team_good_ratio,
    focus_state
from scorecard_focus
order by rep_id
