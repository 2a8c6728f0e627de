"""The report of an inspection: `result.json` as a page that one hands to a manager, and as a formal document."""

from tongguan.casework.report.document import write_docx
from tongguan.casework.report.page import write_html

__all__ = ["write_docx", "write_html"]
