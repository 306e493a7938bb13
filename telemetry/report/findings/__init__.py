"""What a report says: findings, tiles, and which repositories need attention."""
