"""What commands found and did, as text: returned, never printed, foreign names made harmless."""
