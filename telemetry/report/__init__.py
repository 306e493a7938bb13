"""What there is to know, drawn as one HTML page or a Markdown summary."""
