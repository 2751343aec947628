-- what: The 80 % intervals of closed periods, foretold again with what was known then, held about
--     four outcomes in five.
-- remedy: If not, read the page on projections before you rely on one.
-- severity: warn
-- table: projection_calibration
-- column: coverage_ratio
-- expected: {{ min_projection_coverage }} to {{ max_projection_coverage }}
-- settings: min_projection_coverage, max_projection_coverage
-- absent: no closed period can be foretold yet

select
    'all closed periods replayed' as subject,
    round(coverage_ratio, 3) || ' of ' || forecasts || ' intervals held what came' as observed,
    '{{ min_projection_coverage }} to {{ max_projection_coverage }}, or within chance of 0.8'
        as expected,
    case
        when coverage_ratio between {{ min_projection_coverage }} and {{ max_projection_coverage }}
            then 0
        when outcomes < 30 or 0.8 between coverage_low and coverage_high then 0
        else 1
    end as failed_rows
from marts.projection_calibration
where slice = 'all'
