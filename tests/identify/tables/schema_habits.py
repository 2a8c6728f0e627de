"""Tables as they are found in the field, made of invented values: what each column holds is written by hand.

A column is (name, comment, values, type expected or None). Values come from Faker with fixed seeds and from what is
written here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from check_digits import luhn_check, uscc_check, vin_check
from faker import Faker

from tongguan.identify.tables import Column, Table

ROWS = 300


@dataclass(frozen=True)
class Habit:
    name: str
    comment: str | None
    columns: list[tuple[str, str | None, list[Any], str | None]]

    def table(self, rows: int = ROWS) -> Table:
        return Table(self.name, self.comment, [Column(n, c, v[:rows]) for n, c, v, _ in self.columns])

    @property
    def expected(self) -> list[str | None]:
        return [type for *_, type in self.columns]


class Source:
    """Invented values, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.zh, self.en = Faker("zh_CN"), Faker("en_US")
        self.zh.seed_instance(seed)
        self.en.seed_instance(seed)
        self.chance = random.Random(seed)

    def many(self, make: Callable[[], Any], rows: int = ROWS) -> list[Any]:
        return [make() for _ in range(rows)]

    def digits(self, size: int) -> str:
        return "".join(self.chance.choice("0123456789") for _ in range(size))

    def card(self) -> str:
        body = self.chance.choice(("622202", "621700", "622848", "621226")) + self.digits(12)
        return body + luhn_check(body)

    def born(self) -> date:
        return date(1950, 1, 1) + timedelta(days=self.chance.randrange(50 * 365))

    def moment(self) -> str:
        return str(datetime(2025, 1, 1) + timedelta(seconds=self.chance.randrange(40_000_000)))

    def uscc(self) -> str:
        body = "91" + self.chance.choice(("110105", "310115", "440304")) + self.digits(9)
        return body + uscc_check(body)

    def vin(self) -> str:
        body = (
            "LSV"
            + "".join(self.chance.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(5))
            + "0A2"
            + self.digits(6)
        )
        return body[:8] + vin_check(body) + body[9:]

    def plate(self) -> str:
        return self.chance.choice("京沪粤苏浙川鲁") + self.chance.choice("ABCDE") + self.digits(5)

    def imei(self) -> str:
        body = "86" + self.digits(12)
        return body + luhn_check(body)


def hr() -> Habit:
    s = Source(1)
    ids = s.many(s.zh.ssn)
    return Habit("hr_employee", "员工信息表", [
        ("id", "主键", list(range(1, ROWS + 1)), None),
        ("emp_no", "工号", [f"E{10000 + i}" for i in range(ROWS)], None),
        ("xm", "姓名", s.many(s.zh.name), "person_name"),
        ("xb", "性别", ["男" if int(i[16]) % 2 else "女" for i in ids], "gender"),
        ("sfzh", "身份证号", ids, "id_card"),
        ("csrq", "出生日期", [f"{i[6:10]}-{i[10:12]}-{i[12:14]}" for i in ids], "birth_date"),
        ("mz", "民族", s.many(lambda: s.chance.choice(["汉族", "汉族", "回族", "满族"])), "ethnicity"),
        ("xl", "学历", s.many(lambda: s.chance.choice(["本科", "硕士研究生", "大专", "高中"])), "education"),
        ("hyzk", "婚姻状况", s.many(lambda: s.chance.choice(["已婚", "未婚", "离异"])), "marital_status"),
        ("sjhm", "手机号码", s.many(s.zh.phone_number), "phone"),
        ("jtzz", "家庭住址", s.many(s.zh.address), "address"),
        ("dept_name", "部门名称", s.many(lambda: s.chance.choice(["研发部", "市场部", "财务部", "人力资源部"])), None),
        ("rzrq", "入职日期", s.many(lambda: str(date(2005, 1, 1) + timedelta(days=s.chance.randrange(7000)))), None),
        ("base_salary", "基本工资", s.many(lambda: round(s.chance.uniform(5000, 40000), 2)), "income"),
        ("gzkh", "工资卡号", s.many(s.card), "bank_card"),
        ("gjjzh", "公积金账号", s.many(lambda: s.digits(12)), "provident_fund"),
        ("status", "状态 0在职 1离职", s.many(lambda: s.chance.choice("01")), None),
        ("create_time", "创建时间", s.many(s.moment), None),
    ])  # fmt: skip


def crm() -> Habit:
    s = Source(2)
    return Habit("crm_customer", None, [
        ("customerId", None, [1_000_000 + 7 * i for i in range(ROWS)], None),
        ("fullName", None, s.many(s.en.name), "person_name"),
        ("companyName", None, s.many(s.en.company), "organisation"),
        ("jobTitle", None, s.many(s.en.job), "occupation"),
        ("emailAddress", None, s.many(s.en.email), "email"),
        ("mobilePhone", None, s.many(lambda: f"+1{s.chance.randrange(2_020_000_000, 9_899_999_999)}"), "phone"),
        ("emailVerified", None, s.many(lambda: s.chance.choice(["true", "false"])), None),
        ("phoneType", None, s.many(lambda: s.chance.choice(["mobile", "home", "work"])), None),
        ("mailingAddress", None, s.many(lambda: s.en.address().replace("\n", ", ")), "address"),
        ("leadSource", None, s.many(lambda: s.chance.choice(["web", "referral", "event"])), None),
        ("creditLimit", None, s.many(lambda: s.chance.randrange(0, 90000, 500)), "credit"),
        ("createdAt", None, s.many(s.moment), None),
        ("version", None, s.many(lambda: s.chance.randrange(9)), None),
    ])  # fmt: skip


def hospital() -> Habit:
    s = Source(3)
    ill = ["高血压3级", "2型糖尿病", "肺炎", "急性阑尾炎", "冠心病", "脑梗死", "慢性胃炎", "乳腺癌术后"]
    return Habit("his_inpatient", "住院病人主索引", [
        ("zyh", "住院号", s.many(lambda: "ZY" + s.digits(8)), "medical_record"),
        ("patient_name", "患者姓名", s.many(s.zh.name), "person_name"),
        ("sex_code", "性别代码", s.many(lambda: s.chance.choice("12")), "gender"),
        ("age", "年龄", s.many(lambda: s.chance.randrange(1, 95)), "age"),
        ("ybkh", "医保卡号", s.many(lambda: s.digits(10)), "social_security"),
        ("ryzd", "入院诊断", s.many(lambda: s.chance.choice(ill)), "health"),
        ("icd10", "疾病编码", s.many(lambda: s.chance.choice(["I10.x00", "E11.900", "J18.9", "K35.8"])), "health"),
        ("blood_type", "血型", s.many(lambda: s.chance.choice(["A", "B", "O", "AB"])), "health"),
        ("allergy_history", "过敏史", s.many(lambda: s.chance.choice(["青霉素过敏", "无", "头孢过敏"])), "health"),
        ("ward", "病区", s.many(lambda: s.chance.choice(["内一科", "外二科", "骨科"])), None),
        ("bed_no", "床号", s.many(lambda: str(s.chance.randrange(1, 60))), None),
        ("doctor_name", "主治医生姓名", s.many(s.zh.name), "person_name"),
        ("contact_phone", "联系人电话", s.many(s.zh.phone_number), "phone"),
        ("admit_time", "入院时间", s.many(s.moment), None),
        ("total_fee", "总费用", s.many(lambda: round(s.chance.uniform(100, 90000), 2)), None),
    ])  # fmt: skip


def bank() -> Habit:
    s = Source(4)
    return Habit("CORE_ACCT_INFO", "账户信息", [
        ("CUST_NO", "客户编号", s.many(lambda: "C" + s.digits(9)), None),
        ("CUST_NM", "客户名称", s.many(s.zh.name), "person_name"),
        ("CERT_TP", "证件类型", s.many(lambda: s.chance.choice(["101", "102"])), None),
        ("CERT_NO", "证件号码", s.many(s.zh.ssn), "id_card"),
        ("CARD_NO", "卡号", s.many(s.card), "bank_card"),
        ("MOBILE_NO", "预留手机号", s.many(s.zh.phone_number), "phone"),
        ("OPEN_BRANCH_NM", "开户网点", s.many(lambda: s.chance.choice(["北京分行营业部", "上海静安支行"])), "organisation"),
        ("ACCT_BAL", "账户余额", s.many(lambda: round(s.chance.uniform(0, 1e6), 2)), None),
        ("CCY", "币种", s.many(lambda: s.chance.choice(["CNY", "USD"])), None),
        ("PAY_PWD", "支付密码", s.many(lambda: f"{s.chance.getrandbits(128):032x}"), "credential"),
        ("TXN_SEQ_NO", "交易流水号", s.many(lambda: s.digits(16)), None),
        ("LAST_TXN_TM", "最近交易时间", s.many(s.moment), None),
    ])  # fmt: skip


def shop() -> Habit:
    s = Source(5)
    return Habit("t_order", "订单表", [
        ("order_sn", "订单号", s.many(lambda: "2026" + s.digits(14)), None),
        ("user_id", "用户ID", s.many(lambda: s.chance.randrange(10**6)), None),
        ("consignee", "收货人", s.many(s.zh.name), "person_name"),
        ("shdh", "收货电话", s.many(s.zh.phone_number), "phone"),
        ("shipping_addr", "收货地址", s.many(s.zh.address), "address"),
        ("zip_code", "邮编", s.many(s.zh.postcode), "postcode"),
        ("goods_name", "商品名称", s.many(lambda: s.chance.choice(["男士纯棉T恤", "无线蓝牙耳机", "白色运动鞋", "高山绿茶"])), None),
        ("sku_code", "SKU编码", s.many(lambda: "69" + s.digits(11)), None),
        ("price", "单价", s.many(lambda: round(s.chance.uniform(1, 999), 2)), None),
        ("qty", "数量", s.many(lambda: s.chance.randrange(1, 9)), None),
        ("express_no", "快递单号", s.many(lambda: "SF" + s.digits(13)), None),
        ("buyer_ip", "下单IP", s.many(s.zh.ipv4_public), "ip"),
        ("wx_openid", "微信openid", s.many(lambda: "o" + "".join(s.chance.choice("abcdefGHIJK0123456789_-") for _ in range(27))), "wechat"),
        ("pay_time", "支付时间", s.many(s.moment), None),
        ("remark", "备注", s.many(lambda: s.chance.choice(["尽快发货", "放门卫", "不要打电话", ""])), None),
    ])  # fmt: skip


def vehicles() -> Habit:
    s = Source(6)
    return Habit("tsp_vehicle_report", "车辆上报数据", [
        ("vin", "车架号", s.many(s.vin), "vin"),
        ("plate_no", "车牌号", s.many(s.plate), "plate"),
        ("imei", "T-Box IMEI", s.many(s.imei), "imei"),
        ("iccid", "SIM卡号", s.many(lambda: "898600" + s.digits(14)), "imsi"),
        ("lng", "经度", s.many(lambda: round(s.chance.uniform(115, 122), 6)), "location"),
        ("lat", "纬度", s.many(lambda: round(s.chance.uniform(30, 40), 6)), "location"),
        ("speed", "车速km/h", s.many(lambda: round(s.chance.uniform(0, 120), 1)), None),
        ("soc", "电量", s.many(lambda: s.chance.randrange(100)), None),
        ("report_time", "上报时间", s.many(lambda: 1_760_000_000_000 + s.chance.randrange(10**10)), None),
        ("plate_color", "车牌颜色", s.many(lambda: s.chance.choice(["蓝", "绿", "黄"])), None),
        ("model_name", "车型名称", s.many(lambda: s.chance.choice(["秦PLUS", "汉EV", "元UP"])), None),
        ("fw_version", "固件版本", s.many(lambda: f"{s.chance.randrange(5)}.{s.chance.randrange(20)}.{s.chance.randrange(300)}.{s.chance.randrange(9000)}"), None),
    ])  # fmt: skip


def logs() -> Habit:
    s = Source(7)
    return Habit("app_access_log", "系统访问日志", [
        ("log_id", None, list(range(70000, 70000 + ROWS)), None),
        ("trace_id", None, s.many(lambda: f"{s.chance.getrandbits(128):032x}"), None),
        ("ts", None, s.many(lambda: 1_763_000_000 + s.chance.randrange(10**6)), None),
        ("level", None, s.many(lambda: s.chance.choice(["INFO", "WARN", "ERROR"])), None),
        ("host_name", None, s.many(lambda: f"web-{s.chance.randrange(20):02}"), None),
        ("service_name", None, s.many(lambda: s.chance.choice(["order-api", "pay-core"])), None),
        ("duration_ms", None, s.many(lambda: s.chance.randrange(5000)), None),
        ("thread_name", None, s.many(lambda: f"exec-{s.chance.randrange(99)}"), None),
        ("message", None, s.many(lambda: s.chance.choice(["GET /api/items 200", "cache miss", "retry scheduled in 5s"])), None),
        ("span_id", None, s.many(lambda: f"{s.chance.getrandbits(64):016x}"), None),
        ("payload_size", None, s.many(lambda: s.chance.randrange(10**7)), None),
        ("cache_key", None, s.many(lambda: f"item:{s.chance.randrange(10**6)}"), None),
    ])  # fmt: skip


def products() -> Habit:
    s = Source(8)
    return Habit("product", None, [
        ("id", None, list(range(1, ROWS + 1)), None),
        ("name", None, s.many(lambda: s.chance.choice(["Blue Shirt", "Running Shoes", "Coffee Mug", "Desk Lamp", "Wool Socks"])), None),
        ("barcode", None, s.many(lambda: "69" + s.digits(11)), None),
        ("serial_no", None, s.many(lambda: s.digits(16)), None),
        ("batch_no", None, s.many(lambda: "B2026" + s.digits(6)), None),
        ("weight_g", None, s.many(lambda: round(s.chance.uniform(10, 2000), 1)), None),
        ("published_on", None, s.many(lambda: str(date(1990, 1, 1) + timedelta(days=s.chance.randrange(13000)))), None),
        ("factory_code", None, s.many(lambda: s.chance.choice(["GZ01", "SZ02"])), None),
        ("rating", None, s.many(lambda: s.chance.randrange(1, 6)), None),
        ("sha1", None, s.many(lambda: f"{s.chance.getrandbits(160):040x}"), None),
    ])  # fmt: skip


def companies() -> Habit:
    s = Source(9)
    return Habit("ent_base", "企业基本信息", [
        ("qymc", "企业名称", s.many(s.zh.company), "organisation"),
        ("tyshxydm", "统一社会信用代码", s.many(s.uscc), "uscc"),
        ("fddbr", "法定代表人", s.many(s.zh.name), "person_name"),
        ("zczb", "注册资本", s.many(lambda: s.chance.randrange(10, 9000)), None),
        ("lxdh", "联系电话", s.many(lambda: "0755-" + "2" + s.digits(7)), "phone"),
        ("zcdz", "注册地址", s.many(s.zh.address), "address"),
        ("clrq", "成立日期", s.many(lambda: str(date(1985, 1, 1) + timedelta(days=s.chance.randrange(14000)))), None),
    ])  # fmt: skip


def school() -> Habit:
    s = Source(10)
    return Habit("student_roll", "学生学籍", [
        ("学号", None, [f"2026{i:05}" for i in range(ROWS)], None),
        ("姓名", None, s.many(s.zh.name), "person_name"),
        ("性别", None, s.many(lambda: s.chance.choice("男女")), "gender"),
        ("出生日期", None, s.many(lambda: str(date(2013, 1, 1) + timedelta(days=s.chance.randrange(2000)))), "birth_date"),
        ("监护人电话", None, s.many(s.zh.phone_number), "phone"),
        ("班级名称", None, s.many(lambda: s.chance.choice(["一年级1班", "二年级3班"])), None),
        ("数学成绩", None, s.many(lambda: s.chance.randrange(60, 101)), None),
    ])  # fmt: skip


HABITS = [hr, crm, hospital, bank, shop, vehicles, logs, products, companies, school]
