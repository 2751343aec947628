{#-
    Spark writes the SQL of a CTE into each place that reads it. Where steps read steps more than
    once, that doubles and doubles: the 20 steps of the benchmarks become 140, and 30 steps have
    become 5,000, planned for an hour. So steps that are read again and again are made once, as tables.

    Returns what to make, in order, as `steps` (name, sql), and the `sql` that is left. The SQL is cut
    where models are: a step begins with `name as (` at the beginning of a line and ends with a `)`
    there. SQL of another shape is left whole.
-#}
{% macro cut_into_steps(code, relation) -%}
    {%- set weight_of_a_table = 10 -%}
    {%- set pattern = modules.re.compile("^(\\w+) as \\(\n(.*?)^\\)(,?)$", modules.re.M + modules.re.S) -%}
    {%- set comment = modules.re.compile("--[^\n]*") -%}
    {%- set plain = comment.sub("", code) -%}
    {%- set found = pattern.findall(modules.re.sub("^\\s*with\\s+", "", plain)) -%}
    {%- set tail = plain[plain.rfind("\n)") + 2:] -%}
    {#- put together again it must be what it was -#}
    {%- set whole = [] -%}
    {%- for name, body, comma in found -%}
        {%- do whole.append(name ~ " as (\n" ~ body ~ ")" ~ comma) -%}
    {%- endfor -%}
    {%- set again = ("with " ~ whole | join("\n") ~ tail).split() -%}
    {%- if not found or again != plain.split() -%}
        {{ return({"steps": [], "sql": code}) }}
    {%- endif -%}

    {%- set weights = {} -%}
    {%- set heads = [] -%}
    {%- set steps = [] -%}
    {%- for name, body, comma in found -%}
        {%- set reads = modules.re.findall("\\b(?:from|join)\\s+(\\w+)\\b(?!\\.)", body) -%}
        {%- set known = reads | select("in", weights) | list -%}
        {#- reading a table and leaving it as it is weighs nothing -#}
        {%- set is_import = not known and modules.re.search(
            "\\b(join|group|over|union|distinct|case)\\b", body
        ) is none -%}
        {%- set weight = namespace(sum=0 if is_import else 1) -%}
        {%- for read in known -%}{%- set weight.sum = weight.sum + weights[read] -%}{%- endfor -%}
        {%- set after = [] -%}
        {%- for _, later, _ in found[loop.index:] -%}
            {%- do after.extend(modules.re.findall("\\b(?:from|join)\\s+" ~ name ~ "\\b", later)) -%}
        {%- endfor -%}
        {%- do after.extend(modules.re.findall("\\b(?:from|join)\\s+" ~ name ~ "\\b", tail)) -%}
        {%- if (after | length - 1) * weight.sum >= weight_of_a_table -%}
            {%- do steps.append({
                "name": name,
                "sql": ("with " ~ heads | join(",\n") ~ "\n" if heads else "") ~ body,
            }) -%}
            {%- set body = "select * from " ~ relation ~ "__" ~ name -%}
            {%- set weight.sum = 0 -%}
            {%- do heads.append(name ~ " as (" ~ body ~ ")") -%}
        {%- else -%}
            {%- do heads.append(name ~ " as (\n" ~ body ~ ")") -%}
        {%- endif -%}
        {%- do weights.update({name: weight.sum}) -%}
    {%- endfor -%}
    {{ return({"steps": steps, "sql": "with " ~ heads | join(",\n") ~ tail}) }}
{%- endmacro %}
