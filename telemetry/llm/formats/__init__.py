"""The formats of logs, one module each.

A format has a NAME for messages and two functions. `recognises(record)` says whether a decoded
record, a JSON object, is of the format. `reader()` makes a reader of the records of one file; for
formats of spans it is `reader(spans)`, because a trace may be spread over several files.
"""
