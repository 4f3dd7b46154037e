"""People's own tables: from a CSV or Parquet file, or a frame, to numbers, and for new rows the same way again.

Offers `reading` (a file's columns), `kinds` (what each column contains), `formats` (how numbers and dates are written),
`encoding` (from a column to features), `target`, `splitting`, `interpretation` (all of it for one table) and `errors`.

May import contracts, registry.
"""
