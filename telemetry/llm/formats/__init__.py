"""The formats of logs, one module each.

A format has a NAME for messages, `recognises(record)`, which tells whether a decoded record, a JSON
object, is of the format, and `reader()`, which makes what turns the records of a file into rows.
Formats of spans have `reader(spans)`, because a trace may be spread over several files.
"""
