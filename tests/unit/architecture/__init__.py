"""The project's own rules as checks on its source. `rules_*` say them, `test_rules` holds them."""
