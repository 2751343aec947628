"""What the last refresh found that `scorecard check` cannot find in files."""

from __future__ import annotations

from orchestration.core.settings import Settings
from orchestration.policy.reading import PolicyProblem, read_policy
from orchestration.quality.checks import query_names
from orchestration.releases.release import current_release, open_tables


def findings_of_release(settings: Settings) -> list[str]:
    """Goals that hardly any or nearly all reps reach; with a CRM, how the policy fits its records.

    None where nothing was published yet.

    Raises:
        PublishError: the release is damaged, or of another version.
    """
    release = current_release(settings)
    if release is None:
        return []
    policy = read_policy(settings.seeds_dir)
    lines = {row["goal_id"]: row.line for row in policy.rows("goals")}
    names = query_names("policy") if settings.has_crm else []
    with open_tables(release.database) as connection:
        goals = connection.execute(
            "select goal_id, sentence from goal_quality"
            " where subject = 'goal' and verdict in ('nobody', 'everybody') order by goal_id"
        ).fetchall()
        found = connection.execute(
            "select observed_value from data_checks"
            " where not passed and list_contains(?, check_name) order by check_name",
            [names],
        ).fetchall()
    remedy = "set another goal, or leave it: in a hard year it may be right"
    problems = [
        PolicyProblem(
            "warn", policy.file("goals"), lines.get(goal_id), None, None, sentence, remedy
        )
        for goal_id, sentence in goals
    ]
    since = f"refresh as of {release.as_of_date}: "
    return [since + str(text) for text in (*problems, *(said for (said,) in found))]
