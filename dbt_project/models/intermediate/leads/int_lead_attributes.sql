with int_leads__dated as (
    select * from {{ ref('int_leads__dated') }}
),

sourced_accounts as (
    {{ source_records('accounts') }}
),

icp_rules as (
    select * from {{ ref('icp_rules') }}
),

lead_score_rules as (
    select * from {{ ref('lead_score_rules') }}
),

{#- what is known when a lead comes: neither its status nor anything about its conversion #}
{%- set attributes_of_leads = {
    "industry": "text",
    "country": "text",
    "source": "text",
    "job_title": "text",
    "employee_count": "number",
    "annual_revenue": "number",
} %}
{%- set attributes_of_accounts = ["industry", "country", "employee_count", "annual_revenue"] %}

described as (
    {% for attribute, type in attributes_of_leads.items() %}
    select
        'lead' as record_type,
        lead_id as record_id,
        '{{ attribute }}' as attribute,
        {{ attribute if type == "text" else "cast(null as " ~ type_text() ~ ")" }} as text_value,
        {{ attribute if type == "number" else "cast(null as " ~ type_double() ~ ")" }}
            as number_value
    from int_leads__dated
    {{ "union all" if not loop.last }}
    {% endfor %}
    {% for attribute in attributes_of_accounts %}
    {% set type = attributes_of_leads[attribute] %}
    union all
    select
        'account' as record_type,
        account_id as record_id,
        '{{ attribute }}' as attribute,
        {{ attribute if type == "text" else "cast(null as " ~ type_text() ~ ")" }} as text_value,
        {{ attribute if type == "number" else "cast(null as " ~ type_double() ~ ")" }}
            as number_value
    from sourced_accounts
    where not is_deleted
    {% endfor %}
),

-- the edges that rules name are those that people think in: between two of them lies a band
edges as (
    {% for rules in ["icp_rules", "lead_score_rules"] %}
    select
        attribute,
        case when operator in ('>=', '<') then cast(value as {{ type_double() }}) end as edge
    from {{ rules }}
    where operator in ('>=', '<')
    {{ "union" if not loop.last }}
    {% endfor %}
),

named as (
    select
        attribute,
        edge,
        case
            when edge >= 1e6 and floor(edge / 1e6) * 1e6 = edge
                then cast(cast(edge / 1e6 as bigint) as {{ type_text() }}) || ' million'
            else cast(cast(edge as bigint) as {{ type_text() }})
        end as edge_name
    from edges
),

bands as (
    select
        attribute,
        edge as from_edge,
        lead(edge) over (partition by attribute order by edge asc nulls last) as below_edge,
        coalesce(
            edge_name || ' to below '
            || lead(edge_name) over (partition by attribute order by edge asc nulls last),
            edge_name || ' or more'
        ) as band
    from named
    union all
    select
        named.attribute,
        cast(null as {{ type_double() }}) as from_edge,
        named.edge as below_edge,
        'below ' || named.edge_name as band
    from named
    left join named as lower_edges
        on
            named.attribute = lower_edges.attribute
            and named.edge > lower_edges.edge
    where lower_edges.edge is null
),

-- the bands of an attribute do not overlap
final as (
    select
        described.record_type,
        described.record_id,
        described.attribute,
        described.text_value,
        described.number_value,
        case
            when described.text_value is not null then lower(described.text_value)
            when described.number_value is not null then coalesce(bands.band, 'any')
            else ''
        end as value_class
    from described
    left join bands
        on
            described.attribute = bands.attribute
            and (described.number_value >= bands.from_edge or bands.from_edge is null)
            and (described.number_value < bands.below_edge or bands.below_edge is null)
)

select * from final
