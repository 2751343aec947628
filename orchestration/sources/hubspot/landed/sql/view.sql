-- A landed table as its raw table looks.
(
    with
    {% for name, relation in beside.items() %}
    {{ name }} as (select * from {{ relation }}),
    {% endfor %}
    base as (
        with landed as (select * from {{ landed }})

        select * from (
            {{ step }}
        ) as records
    ),
    {% for side in sides %}
    {{ side.name }} as (
        with landed as (select * from {{ side.landed }})

        select * from (
            {{ side.step }}
        ) as records
    ),
    {% endfor %}
    shown as (
        select
        {% for name, cell in cells.items() %}
            {{ cell }} as {{ name }}{{ "," if not loop.last }}
        {% endfor %}
        from base
        {% for side in sides %}
        left join {{ side.name }}
            on {{ record_id }} = {{ side.name }}.id
        {% endfor %}
    )

    select * from shown
)
