"""The report on stored runs, as HTML pages or as a Markdown summary."""
