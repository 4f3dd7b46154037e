"""Registry: which plugins and components there are, where each comes from, and what options it takes.

Offers `selection` (which plugins to use), `discovery` (the installed ones, by metadata alone), `loading` (importing each on its
own), `catalog` (the components by kind and name), `options` (what a constructor takes), `settings` (the top level of a
configuration), `listing` (the names, cached for completion) and `dispatch` (passing events to listeners).

May import contracts, data, events, hookspecs.
"""
