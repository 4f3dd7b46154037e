"""Tables: results as text, Markdown, LaTeX, JSON and CSV.

Offers `table`, `format` and `latex` (any table), `results`, `comparisons`, `metrics`, `jobs` and `benchmark` (which tables there
are), and `as_json`.

May import what is below report.
"""
