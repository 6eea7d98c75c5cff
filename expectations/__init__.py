"""Floor 1: gives every landed batch a verdict.

Public functions: `gate.gate` (judge a batch), `registries.current_registries`
(what is in force), `receipts.find_receipt` (what a submitter is told).
Great Expectations is imported only when something is really judged.
"""
