{{ config(severity='warn') }}
-- a warning, for a hard year is no defect; a goal that hardly any or nearly all reps reach tells
-- nobody anything: goal_quality says what would
with goal_quality as (
    select * from {{ ref('goal_quality') }}
)

select
    goal_id,
    role,
    tier,
    sentence
from goal_quality
where subject = 'goal' and verdict in ('nobody', 'everybody')
