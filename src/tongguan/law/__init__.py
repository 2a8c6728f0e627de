"""Law: dated data, and the pure functions that read it.

    facts ─► verdict (rules over every completion of the facts) ─► decision ─► JSON, text

`facts` checks the question, `book` holds the dated YAML under data/, `rules` the conditions, `verdict` the three-valued
judgement, `decision` the answer with its reasons and duties.

Of the book itself: `instruments` says how a text stands on a day, `citing` which article regulates a matter then and
whether a citation stands, `searching` and `showing` find and open its entries, `listing` lists them by day, `tracing`
asks every rule.
"""

from tongguan.law.asking import choices, is_claim, known_days
from tongguan.law.bulk import Threshold, bulk_categories, bulk_readings, threshold
from tongguan.law.checklist import Finding, Findings, Outcome, checklists
from tongguan.law.citing import Provision, Standing, article, articles, cite_as_of
from tongguan.law.decision import decide, decide_many, thresholds, window
from tongguan.law.destinations import (
    Destination,
    DestinationFact,
    destination,
    destination_json,
    destination_text,
    destinations,
)
from tongguan.law.facts import ACTS, FIELDS, GROUNDS, Facts, parse_facts
from tongguan.law.grading import Grade, explain_grade, grade, grading_fields, parse_grading
from tongguan.law.instruments import Status, status, text_of
from tongguan.law.listing import (
    Turn,
    book_word,
    checked_day,
    entry_names,
    entry_of,
    kinds,
    listing,
    matter_history,
    periods,
    turns,
    zone_list_ids,
)
from tongguan.law.naming import (
    country_codes,
    country_name,
    fact_name,
    pathway_name,
    regime_name,
    source_url,
    value_name,
    zone_names,
)
from tongguan.law.necessity import necessity
from tongguan.law.notice import notice
from tongguan.law.packs.listing import Disagreement, Position, disagreements, zone_list, zone_lists
from tongguan.law.packs.telling import disagreement_json, disagreements_text, zone_list_json, zone_list_text
from tongguan.law.packs.zone_list import ZoneList
from tongguan.law.searching import MOST_HITS, Hit, found, hit_json, search
from tongguan.law.settling import can_change
from tongguan.law.showing import show, shown
from tongguan.law.telling import decision_json, explain
from tongguan.law.tracing import Step, step_json, trace, traced

__all__ = [
    "ACTS",
    "FIELDS",
    "GROUNDS",
    "MOST_HITS",
    "Destination",
    "DestinationFact",
    "Disagreement",
    "Facts",
    "Finding",
    "Findings",
    "Grade",
    "Hit",
    "Outcome",
    "Position",
    "Provision",
    "Standing",
    "Status",
    "Step",
    "Threshold",
    "Turn",
    "ZoneList",
    "article",
    "articles",
    "book_word",
    "bulk_categories",
    "bulk_readings",
    "can_change",
    "checked_day",
    "checklists",
    "choices",
    "cite_as_of",
    "country_codes",
    "country_name",
    "decide",
    "decide_many",
    "decision_json",
    "destination",
    "destination_json",
    "destination_text",
    "destinations",
    "disagreement_json",
    "disagreements",
    "disagreements_text",
    "entry_names",
    "entry_of",
    "explain",
    "explain_grade",
    "fact_name",
    "found",
    "grade",
    "grading_fields",
    "hit_json",
    "is_claim",
    "kinds",
    "known_days",
    "listing",
    "matter_history",
    "necessity",
    "notice",
    "parse_facts",
    "parse_grading",
    "pathway_name",
    "periods",
    "regime_name",
    "search",
    "show",
    "shown",
    "source_url",
    "status",
    "step_json",
    "text_of",
    "threshold",
    "thresholds",
    "trace",
    "traced",
    "turns",
    "value_name",
    "window",
    "zone_list",
    "zone_list_ids",
    "zone_list_json",
    "zone_list_text",
    "zone_lists",
    "zone_names",
]
