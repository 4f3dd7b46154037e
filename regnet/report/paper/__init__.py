"""The students' paper: its figures beside regnet's.

Offers `attribution` (what its table shows, and what it cannot) and `expected_spread` (how far chance alone would move it).

May import what is below report.
"""
