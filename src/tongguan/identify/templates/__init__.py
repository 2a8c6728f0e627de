"""Classification and grading: templates as data, laid over what was found in tables; corrections that stay."""

from tongguan.identify.templates.cases import Case, Outcome, cases
from tongguan.identify.templates.classifying import classify
from tongguan.identify.templates.corrections import Exception_, Ruling, correct, load_exceptions, save_exceptions
from tongguan.identify.templates.editing import (
    ChangeRule,
    Edit,
    LeaveOut,
    RenameLevel,
    SetScope,
    Switch,
    TakeIn,
    edited,
)
from tongguan.identify.templates.files import Classified, classify_files
from tongguan.identify.templates.pack import Basis, Condition, Rule, Template
from tongguan.identify.templates.policy import Policy, load_policy
from tongguan.identify.templates.results import ColumnResult, Evidence, Match, TableResult
from tongguan.identify.templates.rulebook import Record, Rulebook, Rules
from tongguan.identify.templates.shelf import check_template, load_templates

__all__ = [
    "Basis",
    "Case",
    "ChangeRule",
    "Classified",
    "ColumnResult",
    "Condition",
    "Edit",
    "Evidence",
    "Exception_",
    "LeaveOut",
    "Match",
    "Outcome",
    "Policy",
    "Record",
    "RenameLevel",
    "Rule",
    "Rulebook",
    "Rules",
    "Ruling",
    "SetScope",
    "Switch",
    "TableResult",
    "TakeIn",
    "Template",
    "cases",
    "check_template",
    "classify",
    "classify_files",
    "correct",
    "edited",
    "load_exceptions",
    "load_policy",
    "load_templates",
    "save_exceptions",
]
