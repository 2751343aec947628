{#-
    The Shapley value of a game is the integral, from 0 to 1, of the partial derivative of its
    multilinear extension along the diagonal (Owen 1972). For a product that is
    (a_i - r_i) times the integral of the product over j <> i of r_j + t (a_j - r_j), a polynomial
    of degree n - 1 in t, and Gauss-Legendre quadrature with four nodes is exact up to degree 7.
-#}
{% macro shapley_contribution(actuals, references, index) -%}
    {%- if actuals | length > 8 -%}
        {{ exceptions.raise_compiler_error("shapley_contribution is exact for up to 8 factors") }}
    {%- endif -%}
    {%- set nodes = [
        ("0.06943184420297371239e0", "0.17392742256872692869e0"),
        ("0.33000947820757186760e0", "0.32607257743127307131e0"),
        ("0.66999052179242813240e0", "0.32607257743127307131e0"),
        ("0.93056815579702628761e0", "0.17392742256872692869e0"),
    ] -%}
    ({{ actuals[index] }} - {{ references[index] }}) * (
        {%- for node, weight in nodes %}
        {{ weight }}
        {%- for number in range(actuals | length) if number != index %}
        * ({{ references[number] }} + {{ node }} * ({{ actuals[number] }} - {{ references[number] }}))
        {%- endfor %}
        {{ "+" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
