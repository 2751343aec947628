-- Pipelines, a row for each stage in their list.
select
    *,
    unnest(from_json(
        {{ stages }},
        '[{
            "stageId": "VARCHAR", "id": "VARCHAR", "label": "VARCHAR", "updatedAt": "VARCHAR",
            "metadata": {"isClosed": "VARCHAR", "probability": "VARCHAR"}
        }]'
    )) as stage
from landed as base
