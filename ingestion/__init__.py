"""Floor 0: turns a declared source into an immutable landed batch.

Public functions: `ingest` (fetch and keep), `read_batch` (canonical rows).
Imports nothing of the floors above.
"""
