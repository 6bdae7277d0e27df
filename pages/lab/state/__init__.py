"""The state of a page: its fields, the URL that spells it, the widgets that set it."""
