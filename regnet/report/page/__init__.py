"""Page: the report as HTML and Markdown.

Offers `compose` (which sections a page has), `page` (the document), `section`, `headline`, `figures`, `settings` and
`rerun_command` (its parts).

May import `report.tables`, `report.figures`, what is below report.
"""
