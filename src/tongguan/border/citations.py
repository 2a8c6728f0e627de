"""What an alert rests on: by rule and by the path that was filed."""

from __future__ import annotations

from tongguan.model import Approval, Citation

__all__ = ["citations"]

_CONTRACT, _ASSESSMENT = "个人信息出境标准合同办法", "数据出境安全评估办法"
_CERTIFICATION, _PIPL = "个人信息出境认证办法", "个人信息保护法"
_PROMOTION, _NETWORK = "促进和规范数据跨境流动规定", "网络数据安全管理条例"

# A change of types or scope: assess again and file the contract again; stay within what was assessed; a certificate
# that no longer fits is suspended.
_CHANGED: dict[str, tuple[tuple[str, str], ...]] = {
    "standard_contract": ((_CONTRACT, "第八条"),),
    "security_assessment": ((_ASSESSMENT, "第十四条"), (_NETWORK, "第三十八条")),
    "gba_standard_contract": ((_PIPL, "第三十八条"),),
    "certification": ((_CERTIFICATION, "第十条"),),
    "exempt": ((_PROMOTION, "第五条"), (_PIPL, "第三十九条")),
}
# The end of an approval: three years of an assessment or a certificate; a contract covers only while it is in effect.
_ENDED: dict[str, tuple[tuple[str, str], ...]] = {
    "standard_contract": ((_CONTRACT, "第六条"),),
    "security_assessment": ((_PROMOTION, "第九条"),),
    "certification": ((_CERTIFICATION, "第八条"),),
}
_ANY: tuple[tuple[str, str], ...] = ((_PIPL, "第三十八条"), (_PIPL, "第三十九条"))


def citations(rule: str, approval: Approval | None) -> tuple[Citation, ...]:
    """The articles behind a rule's alert, given what was filed."""
    path = approval.path if approval else ""
    if rule in ("type_not_filed", "scale_above_filed"):
        found = _CHANGED.get(path, _ANY)
    else:
        found = _ENDED.get(path, _ANY) if rule == "activity_expired" else _ANY
    return tuple(Citation(instrument, article) for instrument, article in found)
