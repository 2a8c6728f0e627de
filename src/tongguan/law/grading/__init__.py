"""Grades of data (GB/T 43697-2024), and what counts as important data for filing. Pure; rules in data/grading.yaml.

    facts ─► reading (checked, contradictions named) ─► conditions (three-valued) ─► judging ─► answer ─► JSON, text

The level is a grading of one's own. Whether data counts as important for filing is another question, with an answer of
its own: since 2024-03-22 it turns on notice or publication alone.
"""

from tongguan.law.grading.answer import Basis, Filing, Grade, Obligation, Open, Trigger
from tongguan.law.grading.judging import grade
from tongguan.law.grading.reading import grading_fields, parse_grading
from tongguan.law.grading.telling import explain_grade

__all__ = [
    "Basis",
    "Filing",
    "Grade",
    "Obligation",
    "Open",
    "Trigger",
    "explain_grade",
    "grade",
    "grading_fields",
    "parse_grading",
]
