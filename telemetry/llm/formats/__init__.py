"""The formats of logs, one module each.

A format has a NAME for messages, `recognises(record)`, which says whether a decoded record, a JSON
object, is of the format, and `reader()`, which makes a reader of the records of one file.
Formats of spans have `reader(spans)`, because a trace may be spread over several files.
"""
