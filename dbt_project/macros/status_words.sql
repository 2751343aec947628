{#- A status as it reads within a sentence. -#}
{% macro status_words(status) -%}
    case {{ status }}
        when 'needs_intervention' then 'needs intervention'
        when 'on_track' then 'on track'
        when 'too_little_data' then 'too little data'
        when 'data_suspect' then 'data suspect'
        when 'no_goal' then 'no goal'
        else {{ status }}
    end
{%- endmacro %}
