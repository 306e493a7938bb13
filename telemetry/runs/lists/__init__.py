"""Lists of runs, and what their pages prove. Knows the client and rows, not the database."""
