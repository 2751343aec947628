-- the release that is shown
select
    release_id,
    published_at,
    as_of_date,
    code_version
from releases
-- ids grow, whatever the clock says
where release_id = (select max(releases.release_id) from releases)
