"""More tables as they are found in the field: schemas of well-known programs and data sets, with invented values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from schema_habits import Habit, Source


def sys_user() -> Habit:
    s = Source(51)
    many, choice = s.many, s.chance.choice
    return Habit(
        "sys_user",
        "用户信息表",
        [
            ("user_id", "用户ID", list(range(100, 400)), None),
            ("dept_id", "部门ID", many(lambda: s.chance.randrange(100, 110)), None),
            ("user_name", "用户账号", many(s.en.user_name), "username"),
            ("nick_name", "用户昵称", many(s.zh.name), "person_name"),
            ("user_type", "用户类型（00系统用户）", ["00"] * 300, None),
            ("email", "用户邮箱", many(s.en.email), "email"),
            ("phonenumber", "手机号码", many(s.zh.phone_number), "phone"),
            ("sex", "用户性别（0男 1女 2未知）", many(lambda: choice("012")), "gender"),
            ("avatar", "头像地址", many(lambda: f"/profile/avatar/2026/{s.digits(12)}.jpg"), None),
            (
                "password",
                "密码",
                many(lambda: "$2a$10$" + "".join(choice("abcdefghijABCDEFGH0123456789./") for _ in range(53))),
                "credential",
            ),
            ("status", "帐号状态（0正常 1停用）", many(lambda: choice("01")), None),
            ("del_flag", "删除标志（0代表存在 2代表删除）", ["0"] * 300, None),
            ("login_ip", "最后登录IP", many(s.zh.ipv4_public), "ip"),
            ("login_date", "最后登录时间", many(s.moment), None),
            ("create_by", "创建者", ["admin"] * 300, None),
            ("remark", "备注", ["管理员"] * 150 + ["测试员"] * 150, None),
        ],
    )


def employees() -> Habit:
    s = Source(52)
    many, choice = s.many, s.chance.choice
    return Habit(
        "Employees",
        None,
        [
            ("EmployeeID", None, list(range(1, 301)), None),
            ("LastName", None, many(s.en.last_name), "person_name"),
            ("FirstName", None, many(s.en.first_name), "person_name"),
            ("Title", None, many(lambda: choice(["Sales Representative", "Vice President, Sales"])), None),
            ("BirthDate", None, many(lambda: str(s.born())), "birth_date"),
            ("HireDate", None, many(lambda: str(date(1992, 1, 1) + timedelta(days=s.chance.randrange(9000)))), None),
            ("Address", None, many(s.en.street_address), "address"),
            ("City", None, many(s.en.city), None),
            ("PostalCode", None, many(s.en.postcode), "postcode"),
            ("Country", None, many(lambda: choice(["USA", "UK"])), None),
            ("HomePhone", None, many(lambda: f"(206) 555-{s.digits(4)}"), "landline"),
            ("Extension", None, many(lambda: s.digits(4)), None),
            ("Notes", None, many(lambda: s.en.sentence(12)), None),
            ("ReportsTo", None, many(lambda: s.chance.randrange(10)), None),
        ],
    )


def titanic() -> Habit:
    s = Source(53)
    many, choice = s.many, s.chance.choice
    return Habit(
        "titanic",
        "",
        [
            ("PassengerId", None, list(range(1, 301)), None),
            ("Survived", None, many(lambda: s.chance.randrange(2)), None),
            ("Pclass", None, many(lambda: s.chance.randrange(1, 4)), None),
            ("Name", None, many(lambda: f"{s.en.last_name()}, Mr. {s.en.first_name()}"), "person_name"),
            ("Sex", None, many(lambda: choice(["male", "female"])), "gender"),
            ("Age", None, many(lambda: float(s.chance.randrange(1, 80))), "age"),
            ("SibSp", None, many(lambda: s.chance.randrange(4)), None),
            ("Ticket", None, many(lambda: "A/5 " + s.digits(5)), None),
            ("Fare", None, many(lambda: round(s.chance.uniform(5, 90), 4)), None),
            ("Cabin", None, many(lambda: choice("ABC") + s.digits(2)), None),
            ("Embarked", None, many(lambda: choice("SCQ")), None),
        ],
    )


def wp_users() -> Habit:
    s = Source(54)
    many, choice = s.many, s.chance.choice
    return Habit(
        "wp_users",
        None,
        [
            ("ID", None, list(range(1, 301)), None),
            ("user_login", None, many(s.en.user_name), "username"),
            (
                "user_pass",
                None,
                many(lambda: "$P$B" + "".join(choice("abcdefABCDEF0123456789./") for _ in range(30))),
                "credential",
            ),
            ("user_nicename", None, many(s.en.user_name), None),
            ("user_email", None, many(s.en.email), "email"),
            ("user_url", None, many(s.en.url), None),
            ("user_registered", None, many(s.moment), None),
            ("user_activation_key", None, many(lambda: s.digits(10) + ":$P$B" + s.digits(20)), "credential"),
            ("user_status", None, [0] * 300, None),
            ("display_name", None, many(s.en.name), "person_name"),
        ],
    )


def qrtz_triggers() -> Habit:
    s = Source(55)
    many, choice = s.many, s.chance.choice
    return Habit(
        "qrtz_triggers",
        None,
        [
            ("sched_name", None, ["quartzScheduler"] * 300, None),
            ("trigger_name", None, many(lambda: "TASK_" + s.digits(3)), None),
            ("job_name", None, many(lambda: "TASK_" + s.digits(3)), None),
            ("next_fire_time", None, many(lambda: 1_760_000_000_000 + s.chance.randrange(10**10)), None),
            ("trigger_state", None, many(lambda: choice(["WAITING", "PAUSED"])), None),
            ("priority", None, [5] * 300, None),
            ("job_data", None, [None] * 300, None),
        ],
    )


def t_drug_dict() -> Habit:
    s = Source(56)
    many, choice = s.many, s.chance.choice
    return Habit(
        "t_drug_dict",
        "药品字典",
        [
            ("drug_code", "药品编码", many(lambda: "X" + s.digits(8)), None),
            (
                "drug_name",
                "药品名称",
                many(lambda: choice(["阿莫西林胶囊", "布洛芬缓释胶囊", "二甲双胍片", "胰岛素注射液"])),
                None,
            ),
            ("spec", "规格", many(lambda: choice(["0.25g*24粒", "10ml*5支"])), None),
            ("manufacturer", "生产企业", many(s.zh.company), "organisation"),
            ("approval_no", "批准文号", many(lambda: "国药准字H" + s.digits(8)), None),
            ("unit_price", "单价", many(lambda: round(s.chance.uniform(1, 99), 2)), None),
        ],
    )


def icd10() -> Habit:
    s = Source(57)
    many, choice = s.many, s.chance.choice
    return Habit(
        "icd10",
        "疾病编码字典",
        [
            ("icd_code", "编码", many(lambda: choice("ABCDEFGHI") + s.digits(2) + "." + s.digits(1)), None),
            ("icd_name", "疾病名称", many(lambda: choice(["原发性高血压", "2型糖尿病", "急性阑尾炎", "肺炎"])), None),
        ],
    )


def cdr_voice() -> Habit:
    s = Source(58)
    many, choice = s.many, s.chance.choice
    return Habit(
        "cdr_voice",
        "语音话单",
        [
            ("calling_number", "主叫号码", many(s.zh.phone_number), "phone"),
            ("called_number", "被叫号码", many(s.zh.phone_number), "phone"),
            ("imsi", "IMSI", many(lambda: "46000" + s.digits(10)), "imsi"),
            ("imei", "IMEI", many(s.imei), "imei"),
            ("start_time", "开始时间", many(s.moment), None),
            ("duration", "通话时长", many(lambda: s.chance.randrange(3600)), None),
            ("lac", "位置区码", many(lambda: s.digits(5)), None),
            ("cell_id", "小区号", many(lambda: s.digits(6)), None),
            ("call_type", "呼叫类型", many(lambda: choice("12")), None),
        ],
    )


def policy_info() -> Habit:
    s = Source(59)
    many = s.many
    return Habit(
        "policy_info",
        "保单信息",
        [
            ("bdh", "保单号", many(lambda: "P" + s.digits(14)), "financial_account"),
            ("tbr", "投保人", many(s.zh.name), "person_name"),
            ("tbrzjhm", "投保人证件号码", many(s.zh.ssn), "id_card"),
            ("bbr", "被保人", many(s.zh.name), "person_name"),
            ("premium", "保费", many(lambda: round(s.chance.uniform(100, 9999), 2)), None),
            (
                "start_date",
                "生效日期",
                many(lambda: str(date(2024, 1, 1) + timedelta(days=s.chance.randrange(700)))),
                None,
            ),
            ("agent_code", "代理人编码", many(lambda: s.digits(6)), None),
        ],
    )


def resume() -> Habit:
    s = Source(60)
    many, choice = s.many, s.chance.choice
    return Habit(
        "resume",
        "简历",
        [
            ("姓名", None, many(s.zh.name), "person_name"),
            ("电话", None, many(s.zh.phone_number), "phone"),
            ("邮箱", None, many(s.zh.email), "email"),
            ("期望薪资", None, many(lambda: f"{s.chance.randrange(8, 30)}K"), "income"),
            ("毕业院校", None, many(lambda: choice(["北京大学", "武汉理工大学", "四川大学"])), "education"),
            ("专业", None, many(lambda: choice(["计算机科学与技术", "会计学"])), "education"),
            ("工作年限", None, many(lambda: s.chance.randrange(1, 20)), None),
            ("自我评价", None, many(lambda: s.zh.sentence(15)), None),
        ],
    )


def iot_meter() -> Habit:
    s = Source(61)
    many = s.many
    return Habit(
        "iot_meter",
        "智能电表读数",
        [
            ("meter_id", None, many(lambda: s.digits(12)), None),
            ("reading", None, many(lambda: round(s.chance.uniform(0, 99999), 3)), None),
            ("voltage", None, many(lambda: round(s.chance.gauss(220, 2), 2)), None),
            ("collect_time", None, many(s.moment), None),
            ("addr", "通信地址", many(lambda: s.digits(12)), None),
            ("signal_strength", None, many(lambda: -s.chance.randrange(50, 110)), None),
        ],
    )


def hotel_checkin() -> Habit:
    s = Source(62)
    many, choice = s.many, s.chance.choice
    return Habit(
        "hotel_checkin",
        "入住登记",
        [
            ("guest_name", None, many(s.zh.name), "person_name"),
            ("nationality", "国籍", many(lambda: choice(["中国", "美国", "日本"])), "nationality"),
            ("id_type", "证件类型", many(lambda: choice(["身份证", "护照"])), None),
            ("id_number", "证件号", many(lambda: choice([s.zh.ssn(), "E" + s.digits(8)])), "id_card"),
            ("room_no", "房号", many(lambda: s.digits(4)), None),
            ("checkin", "入住时间", many(s.moment), None),
            ("license_plate", "车牌", many(s.plate), "plate"),
            ("rate", "房价", many(lambda: s.chance.randrange(200, 900)), None),
        ],
    )


def audit_event() -> Habit:
    s = Source(63)
    many, choice = s.many, s.chance.choice
    return Habit(
        "audit_event",
        None,
        [
            ("event_id", None, many(lambda: f"{s.chance.getrandbits(128):032x}"), None),
            ("actor", None, many(lambda: choice(["svc-a", "svc-b"])), None),
            ("src_ip", None, many(s.zh.ipv4_private), "ip"),
            ("user_agent", None, many(s.en.user_agent), None),
            ("uri", None, many(lambda: "/api/v1/" + choice(["a", "b"])), None),
            ("resp_code", None, many(lambda: choice([200, 404])), None),
            ("bytes", None, many(lambda: s.chance.randrange(10**6)), None),
        ],
    )


MORE: list[Callable[[], Habit]] = [
    sys_user,
    employees,
    titanic,
    wp_users,
    qrtz_triggers,
    t_drug_dict,
    icd10,
    cdr_voice,
    policy_info,
    resume,
    iot_meter,
    hotel_checkin,
    audit_event,
]
