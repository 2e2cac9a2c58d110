"""The SQL store: engines, transactions, schema versions, one request's working set.

Lives here: Database, Transaction, migrations, Call.
May import: foundation, policy values, credentials (sealing).
May enter: prepared statements and plain parameters;
leaves as: plain rows, to the room that owns the table.
"""
