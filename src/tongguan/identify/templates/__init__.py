"""Classification and grading: templates as data, laid over what was found in tables; corrections that stay."""

from tongguan.identify.templates.cases import Case, Outcome, cases
from tongguan.identify.templates.classifying import classify
from tongguan.identify.templates.corrections import Exception_, Ruling, correct, load_exceptions, save_exceptions
from tongguan.identify.templates.pack import Basis, Condition, Rule, Template
from tongguan.identify.templates.policy import Policy, load_policy
from tongguan.identify.templates.results import ColumnResult, Evidence, Match, TableResult
from tongguan.identify.templates.shelf import check_template, load_templates

__all__ = [
    "Basis",
    "Case",
    "ColumnResult",
    "Condition",
    "Evidence",
    "Exception_",
    "Match",
    "Outcome",
    "Policy",
    "Rule",
    "Ruling",
    "TableResult",
    "Template",
    "cases",
    "check_template",
    "classify",
    "correct",
    "load_exceptions",
    "load_policy",
    "load_templates",
    "save_exceptions",
]
