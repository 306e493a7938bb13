"""The database: connection, migrations, status, questions, prices, pruning and transfer.

What has a connection can raise psycopg.Error; docstrings do not say so each time.
"""
