select
    signal_id,
    signal_scope,
    team,
    rep_id,
    rep_name,
    activity_type,
    signal_status,
    sentence
from scorecard_data_signals
order by signal_status, signal_id, team, rep_name, activity_type
