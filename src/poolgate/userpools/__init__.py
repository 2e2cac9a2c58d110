"""The user-pool domain: one module a topic.

Lives here: pools, app clients, users, groups, sign-in, tokens: rules, steps, tables.
May import: store, delivery and below.
May enter: typed values, never HTTP or PascalCase shapes; leaves as: typed values and Failures.
"""
