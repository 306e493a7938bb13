"""How a report is written: as HTML, Markdown and JSON."""
