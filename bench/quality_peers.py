"""What other tools find in the same texts. Runs in an environment of its own: JSON lines of texts in, of spans out.

    PEERS/bin/python bench/quality_peers.py presidio|presidio-tuned|argus|argus-tuned

presidio is what AnalyzerEngine does by default (language en, score threshold 0), without a spaCy model: tokens only, so
that names are not its matter here. presidio-tuned adds every recogniser that it ships, and its context words, and takes
scores of 0.4 and more. argus is `redact(text, lang="zh")`, argus-tuned all of its languages. Spans of argus are the
places of what it replaced. The first line out is a greeting, so that setting up is not timed.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from collections.abc import Callable
from typing import Any

Spans = list[tuple[str, int, int]]

PRESIDIO = {
    "US_SSN": "us_ssn", "US_ITIN": "us_itin", "UK_NINO": "uk_nino", "UK_NHS": "uk_nhs", "IBAN_CODE": "iban",
    "SG_NRIC_FIN": "sg_nric", "KR_RRN": "kr_rrn", "IN_AADHAAR": "in_aadhaar", "IN_PAN": "in_pan",
    "DE_TAX_ID": "de_tax_id", "ES_NIF": "es_nif", "ES_NIE": "es_nif", "IT_FISCAL_CODE": "it_fiscal_code",
    "PL_PESEL": "pl_pesel", "SE_PERSONNUMMER": "se_personnummer", "FI_PERSONAL_IDENTITY_CODE": "fi_hetu",
    "CREDIT_CARD": "bank_card", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip", "MAC_ADDRESS": "mac",
    "PHONE_NUMBER": "phone", "PERSON": "person_name", "AU_TFN": "au_tfn", "CA_SIN": "ca_sin",
    "TH_TNIN": "th_national_id", "TR_NATIONAL_ID": "tr_tckn",
}  # fmt: skip
ARGUS = {
    "phone": "phone", "id_number": "id_card", "bank_card": "bank_card", "credit_card": "bank_card",
    "credit_code": "uscc", "email": "email", "person": "person_name", "organization": "organisation",
    "workplace": "organisation", "school": "organisation", "location": "place", "address": "address",
    "hkid": "hkid", "hk_id": "hkid", "taiwan_id": "taiwan_id", "tw_id": "taiwan_id", "twid": "taiwan_id",
    "iban": "iban", "ssn": "us_ssn", "nric": "sg_nric", "aadhaar": "in_aadhaar", "pan": "in_pan", "nino": "uk_nino",
    "nhs": "uk_nhs", "rrn": "kr_rrn", "my_number": "jp_my_number", "cpf": "br_cpf", "tax_id": "de_tax_id",
    "ip_address": "ip", "mac_address": "mac", "imei": "imei", "license_plate": "plate", "passport": "passport",
    "medical": "health", "religion": "religion", "criminal_record": "criminal_record", "financial": "income",
    "sexual_orientation": "sexual_orientation", "biometric": "biometric", "date_of_birth": "birth_date",
    "social_security": "social_security", "military_id": "military_id", "qq": "qq", "wechat": "wechat",
    "ethnicity": "ethnicity", "gender": "gender",
}  # fmt: skip


def presidio(tuned: bool) -> Callable[[str], Spans]:
    import spacy
    from presidio_analyzer import AnalyzerEngine, predefined_recognizers
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    class Tokens(NlpEngine):  # type: ignore[misc]
        """spaCy's tokeniser without a model."""

        def __init__(self) -> None:
            self.nlp = spacy.blank("en")

        def load(self) -> None: ...

        def is_loaded(self) -> bool:
            return True

        def process_text(self, text: str, language: str) -> Any:
            doc = self.nlp(text[:900_000])
            return NlpArtifacts([], doc, [t.idx for t in doc], [t.lower_ for t in doc], self, language)

        def process_batch(self, texts: Any, language: str, **_: Any) -> Any:
            return ((text, self.process_text(text, language)) for text in texts)

        def is_stopword(self, word: str, language: str) -> bool:
            return False

        def is_punct(self, word: str, language: str) -> bool:
            return not word.isalnum()

        def get_supported_entities(self) -> list[str]:
            return []

        def get_supported_languages(self) -> list[str]:
            return ["en"]

    engine = AnalyzerEngine(nlp_engine=Tokens(), supported_languages=["en"])
    if tuned:
        for name, kind in inspect.getmembers(predefined_recognizers, inspect.isclass):
            if name.endswith("Recognizer") and "pattern_recognizer" in str(kind.__mro__):
                try:
                    engine.registry.add_recognizer(kind(supported_language="en"))
                except Exception:
                    continue

    def find(text: str) -> Spans:
        results = engine.analyze(text, language="en", score_threshold=0.4 if tuned else 0)
        return [(PRESIDIO.get(r.entity_type, "?" + r.entity_type), r.start, r.end) for r in results]

    return find


def argus(tuned: bool) -> Callable[[str], Spans]:
    from argus_redact import redact

    languages = ["zh", "en", "ja", "ko", "de", "uk", "in", "br", "shared"][: None if tuned else 1]
    if tuned:
        languages = [code for code in languages if _works(redact, code)]

    def find(text: str) -> Spans:
        _, _, details = redact(text, lang=languages if tuned else "zh", detailed=True)
        found = details.get("entities", []) if isinstance(details, dict) else details
        return [(ARGUS.get(e["type"], "?" + e["type"]), e["start"], e["end"]) for e in found]

    return find


def _works(redact: Callable[..., Any], code: str) -> bool:
    try:
        redact("x", lang=[code])
    except Exception:
        return False
    return True


def main() -> None:
    name = sys.argv[1]
    find = {"presidio": presidio, "argus": argus}[name.split("-")[0]](name.endswith("-tuned"))
    find("warm 13800138000")
    print("{}", flush=True)
    for line in sys.stdin:
        text = json.loads(line)
        start = time.process_time()
        try:
            spans = find(text)
        except Exception as error:
            spans = [("!" + type(error).__name__, 0, 0)]
        print(json.dumps({"spans": spans, "seconds": time.process_time() - start}), flush=True)


if __name__ == "__main__":
    main()
