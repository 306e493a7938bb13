"""The database: connection, migrations, status, questions, prices, pruning and transfer."""
