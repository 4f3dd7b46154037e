"""Registry: the available plugins and components, their origins and their options.

Offers `selection` (which plugins to use), `discovery` (the installed ones, from metadata alone), `loading` (import each
separately), `catalog` (the components by kind and name), `options` (the parameters of a constructor, their types and ranges
checked), `settings` (the top level of a configuration) and `launch_settings` (those of a launch), `listing` (the names, cached for
completion) and `dispatch` (pass events to listeners).

May import contracts, credentials, data, events, hookspecs.
"""
