"""The students' paper: its results compared with regnet's.

Offers `attribution` (which choices explain the gap in its Table I) and `expected_spread` (how much such a table varies by chance).

May import what is below report.
"""
