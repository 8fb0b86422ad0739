"""Text of an issue → Bulletin: the two real issues, and the ways in which issues differ."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingest.parser import content_hash, parse_bulletin, parse_bulletins
from rag.errors import NotABulletinError
from rag.schema import Bulletin, Footer
from rag.text import strip_space

REAL = Path(__file__).resolve().parents[2] / "shared" / "bulletins"
ISSUE_2023_18 = "000_098086ca7b9930c4.txt"
ISSUE_2025_14 = "003_3f1ee760ef957aa0.txt"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real bulletins are not here")

# section, title, departments, first and last words of the body
REAL_ITEMS = {
    ISSUE_2023_18: [
        ("全力拼经济", "县科工局加速技改助力企业转型升级", ("科工局",), "建立技改项目库", "达到54.8%。"),
        ("全力拼经济", "县开发区强化要素保障全力推进重点项目建设", ("开发区",), "按照“对接项目抓签约", "总投资124.92亿元。"),
        ("全力拼经济", "县交通运输局全力推进安罗高速项目建设", ("交通运输局",), "充分发挥市场灵活性", "占总投资的52.15%。"),
        ("全力拼经济", "县生态环境局多措并举谋划推进一污中水湿地项目", ("生态环境局",), "成立工作专班", "项目开工建设在即。"),
        ("防汛备汛", "县应急管理局扎实开展汛前装备物资点验", ("应急管理局",), "派出6个检查组对13个乡镇", "现已全部整改到位。"),
        ("麦田管理", "县农业农村局加强病虫害防治工作为夏粮丰产丰收保驾护航", ("农业农村局",), "召开专项会议", "发放明白纸2万份。"),
        ("麦田管理", "文岩街道全力开展“割青毁麦”排查行动", ("文岩街道",), "召开重点工作推进会", "暂未发现“割青毁麦”现象。"),
        ("安全生产", "潭龙街道开展消防安全隐患排查", ("潭龙街道",), "街道督查办等多部门", "卫生院1家。"),
    ],
    ISSUE_2025_14: [
        ("用地保障", "我县批而未供土地处置工作位于全省前列", ("自然资源局",), "将批而未供土地处置", "经济高质量发展。"),
        ("城市建设", "县住建城管局科技赋能完善智慧排水体系", ("住建城管局",), "以解决城市内涝", "进行提升改造。"),
        ("产业发展", "县文广旅游局助力非遗“老手艺”变身致富“金钥匙”", ("文广旅游局",), "以文化振兴为突破口", "达到200万元。"),
        ("产业发展", "王楼镇统筹推进老旧大棚改造与特色产业培育", ("王楼镇",), "锁定6座存在棚体开裂", "种植示范基地。"),
        ("优化营商环境", "县司法局加强行政执法监督优化法治营商环境", ("司法局",), "立足行政执法监督职能", "监督建议书3份。"),
        ("优化营商环境", "县生态环境局精准帮扶促升级聚力治污护蓝天", ("生态环境局",), "围绕重点行业企业", "提升指导工作。"),
        ("安全生产", "县应急管理局强化政策培训落实安全生产主体责任", ("应急管理局",), "聚焦《河南省生产经营单位", "约110人。"),
        ("文明祭祀", "丰庄镇倡导文明祭祀新风助推清明更“文明”", ("丰庄镇",), "紧盯清明祭祀点", "走访入户100余户。"),
    ],
}  # fmt: skip


def real(name: str) -> Bulletin:
    return parse_bulletin((REAL / name).read_text(encoding="utf-8"), name)


def issue(
    body: str,
    head: str = "延津政务快报\n\n第 18 期\n\n延津县人民政府办公室\n\n2023 年 4 月 21 日",
    footer: str = "",
) -> Bulletin:
    return parse_bulletin(f"{head}\n\n{body}\n\n{footer}", "快报.txt")


FIRST = "县科工局加速技改助力企业转型升级 建立技改项目库，加强部门联动。一季度，技改投资上报额 5452 万元。（科工局）"
SECOND = "县交通运输局全力推进安罗高速项目建设 充分发挥政府主导性，加快建设。累计完成投资19.46亿元。（交通运输局）"


@needs_real
@pytest.mark.parametrize("name", REAL_ITEMS)
def test_every_item_of_the_real_issues_is_found(name: str) -> None:
    items = real(name).items
    expected = REAL_ITEMS[name]
    assert [(item.section, item.title, item.departments) for item in items] == [
        row[:3] for row in expected
    ]
    for item, (*_, begins, ends) in zip(items, expected, strict=True):
        assert item.body.startswith(begins)
        assert item.body.endswith(ends)
    assert [item.ordinal for item in items] == [1, 2, 3, 4, 5, 6, 7, 8]


@needs_real
def test_masthead_and_footer_of_the_real_issues() -> None:
    first, second = real(ISSUE_2023_18), real(ISSUE_2025_14)
    assert first.issue.label == "《延津政务快报》2023年第18期"
    assert second.issue.label == "《延津政务快报》2025年第14期"
    assert (first.published, second.published) == (date(2023, 4, 21), date(2025, 4, 3))
    assert first.publisher == second.publisher == "延津县人民政府办公室"
    assert (first.footer.editor, first.footer.reviewer, first.footer.signer) == (
        "李勉",
        "原超俊",
        "麻彦伟",
    )
    assert (second.footer.editor, second.footer.reviewer, second.footer.signer) == (
        "李勉",
        "路帅",
        "范晓宇",
    )
    assert first.footer.distribution.startswith("县委常委，县人大大正副主任，")
    assert first.footer.distribution.endswith("街道办事处主要领导。")
    assert first.warnings == second.warnings == ()


@needs_real
@pytest.mark.parametrize("name", REAL_ITEMS)
def test_no_character_of_the_real_issues_is_lost(name: str) -> None:
    bulletin = real(name)
    parts = [*bulletin.masthead]
    section = ""
    for item in bulletin.items:
        if item.section != section:
            parts.append(f"【{item.section}】")
            section = item.section
        parts.append(f"{item.text}（{item.signature}）")
    footer = bulletin.footer
    parts += [f"本期发：{footer.distribution}", f"责任编辑：{footer.editor}"]
    parts += [f"审核：{footer.reviewer}", f"签发：{footer.signer}", *bulletin.tail]
    source = (REAL / name).read_text(encoding="utf-8")
    assert strip_space("".join(parts)) == strip_space(source)


@needs_real
@pytest.mark.parametrize("name", REAL_ITEMS)
def test_title_and_body_are_parts_of_the_text(name: str) -> None:
    for item in real(name).items:
        assert item.title is not None
        assert item.text in (f"{item.title} {item.body}", f"{item.title}。{item.body}")


def test_signature_on_next_page_belongs_to_previous_item() -> None:
    body = f"{FIRST.removesuffix('（科工局）')}\n\n- 2 -\n\n（科工局）\n\n{SECOND}"
    assert [item.departments for item in issue(body).items] == [("科工局",), ("交通运输局",)]


def test_signature_split_by_a_page_break_is_put_together() -> None:
    body = f"{FIRST.removesuffix('工局）')}\n\n—3—\n\n工局）\n\n{SECOND}"
    items = issue(body).items
    assert [item.departments for item in items] == [("科工局",), ("交通运输局",)]
    assert items[0].text.endswith("5452万元。")


def test_sentence_goes_on_over_a_page_break() -> None:
    body = FIRST.replace("加强部门联动", "加强部\n\n第 2 页\n\n门联动")
    (item,) = issue(body).items
    assert "加强部门联动。" in item.body


def test_title_cut_by_a_page_break_is_put_together() -> None:
    body = FIRST.replace("助力企业", "助力\n\n企业")
    (item,) = issue(body).items
    assert item.title == "县科工局加速技改助力企业转型升级"


def test_body_cut_by_a_page_break_right_after_the_title() -> None:
    body = SECOND + "\n\n" + FIRST.replace("技改项目库", "技改项\n\n目库")
    items = issue(body).items
    assert items[1].title == "县科工局加速技改助力企业转型升级"
    assert items[1].body.startswith("建立技改项目库，")


def test_typesetting_space_goes_and_full_width_digits_stay() -> None:
    body = "县科工局加速技改助力企业转型升级 投资 ５４５２ 万元，同比增长 54.8% 。（科工局）"
    assert issue(body).items[0].body == "投资５４５２万元，同比增长54.8%。"


@pytest.mark.parametrize(
    ("signature", "departments"),
    [
        ("（发改委、科工局）", ("发改委", "科工局")),
        ("（发改委，科工局）", ("发改委", "科工局")),
        ("（发改委；科工局）", ("发改委", "科工局")),
        ("（发改委 科工局）", ("发改委", "科工局")),
        ("（科 工 局）", ("科工局",)),
        ("(科工局)", ("科工局",)),
        ("\n(科工局)", ("科工局",)),
        ("\n\n        （丰庄镇）", ("丰庄镇",)),
        ("（县供电公司、妇联）", ("县供电公司", "妇联")),
        ("（供稿：科工局）", ("科工局",)),
    ],
)
def test_signature(signature: str, departments: tuple[str, ...]) -> None:
    body = FIRST.removesuffix("（科工局）") + signature
    items = issue(f"{body}\n\n{SECOND}").items
    assert [item.departments for item in items] == [departments, ("交通运输局",)]
    assert items[0].text.endswith("5452万元。")


@pytest.mark.parametrize("bracket", ["（镇、街道）", "（续建）", "（台、套）", "（户）", "(个)"])
def test_a_bracket_at_the_end_of_a_sentence_is_no_signature(bracket: str) -> None:
    body = f"县应急管理局扎实开展物资点验 派出检查组，点验物资共 13 个{bracket}"
    (item,) = issue(body).items
    assert item.departments == ()
    assert item.text.endswith(f"13个{bracket}")


def test_an_office_in_brackets_inside_a_sentence_does_not_end_the_item() -> None:
    body = FIRST.replace("加强部门联动", "由牵头单位（发改委）\n\n- 2 -\n\n负责联动")
    (item,) = issue(body).items
    assert "由牵头单位（发改委）负责联动。" in item.body


def test_items_on_one_line_are_cut_at_the_signature() -> None:
    assert [item.departments for item in issue(FIRST + SECOND).items] == [
        ("科工局",),
        ("交通运输局",),
    ]


def test_an_unsigned_item_is_kept_apart_from_the_next() -> None:
    body = f"{FIRST.removesuffix('（科工局）')}\n\n{SECOND}"
    items = issue(body).items
    assert [(item.title, item.departments) for item in items] == [
        ("县科工局加速技改助力企业转型升级", ()),
        ("县交通运输局全力推进安罗高速项目建设", ("交通运输局",)),
    ]
    assert [warning.code for warning in issue(body).warnings] == ["no-department"]


def test_titles_on_lines_of_their_own_without_any_signature() -> None:
    body = "\n".join(
        text.removesuffix(end).replace(" ", "\n", 1)
        for text, end in ((FIRST, "（科工局）"), (SECOND, "（交通运输局）"))
    )
    assert [item.title for item in issue(body).items] == [
        "县科工局加速技改助力企业转型升级",
        "县交通运输局全力推进安罗高速项目建设",
    ]


def test_paragraphs_of_one_item_stay_together() -> None:
    body = "县科工局加速技改助力企业转型升级\n建立技改项目库，加强部门联动。\n一是强化服务。成立专班，跟踪服务。\n二是强化调度。建立台账，每周调度。\n目前，技改投资5452万元。（科工局）"
    (item,) = issue(body).items
    assert item.title == "县科工局加速技改助力企业转型升级"
    assert "跟踪服务。二是强化调度。" in item.body


def test_special_issue_with_one_theme_is_one_item() -> None:
    body = "县委县政府全力推进防汛救灾工作\n面对强降雨，我县迅速行动。\n一是强化组织领导。成立指挥部，统一调度。\n二是转移安置群众。共转移2300人。\n三是抢修基础设施。修复道路12公里。"
    bulletin = issue(body, head="延津政务快报\n专刊第2期\n延津县人民政府办公室\n2021年7月25日")
    assert bulletin.issue.label == "《延津政务快报》2021年专刊第2期"
    assert [item.title for item in bulletin.items] == ["县委县政府全力推进防汛救灾工作"]


@pytest.mark.parametrize(
    ("head", "label", "published"),
    [
        ("延 津 政 务 快 报\n第十一期\n延津县人民政府办公室\n二〇二四年三月八日", "《延津政务快报》2024年第11期", date(2024, 3, 8)),
        ("《延津政务快报》\n第 11 期（总第412期）\n延津县人民政府办公室\n2024-03-08", "《延津政务快报》2024年第11期", date(2024, 3, 8)),
        ("延津政务快报\n（总第412期）\n第二十一期\n延津县人民政府办公室\n2024.3.8", "《延津政务快报》2024年第21期", date(2024, 3, 8)),
        ("延津政务快报\n第18期   延津县人民政府办公室   2023年4月21日", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
        ("延津政务快报 第18期 延津县人民政府办公室 2023年4月21日", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
        ("延津政务快报\n增刊第3期\n延津县人民政府办公室\n二○二四年十二月三十一日", "《延津政务快报》2024年增刊第3期", date(2024, 12, 31)),
        ("延津政务快报（增刊）\n第3期\n延津县人民政府办公室\n2024年2月29日", "《延津政务快报》2024年增刊第3期", date(2024, 2, 29)),
        ("内部资料 注意保存\n延津督查通报\n第３期\n延津县人民政府办公室\n２０２４年３月８日", "《延津督查通报》2024年第3期", date(2024, 3, 8)),
        ("延津信息\n2024年第7期\n延津县人民政府办公室\n3月8日", "《延津信息》2024年第7期", date(2024, 3, 8)),
    ],
)  # fmt: skip
def test_masthead(head: str, label: str, published: date) -> None:
    bulletin = issue(f"【全力拼经济】\n{FIRST}", head=head)
    assert bulletin.issue.label == label
    assert bulletin.published == published
    assert bulletin.publisher == "延津县人民政府办公室"
    assert [item.section for item in bulletin.items] == ["全力拼经济"]
    assert "".join(bulletin.masthead).replace("\n", "") == head.replace("\n", "")


@pytest.mark.parametrize(
    ("body", "sections"),
    [
        (f"〖全力拼经济〗\n{FIRST}\n〖项目建设〗\n{SECOND}", ["全力拼经济", "项目建设"]),
        (f"[全力拼经济]\n{FIRST}\n[项目建设]\n{SECOND}", ["全力拼经济", "项目建设"]),
        (f"【全力拼经济】{FIRST}\n【项目建设】{SECOND}", ["全力拼经济", "项目建设"]),
        (f"【 全力拼经济 】\n{FIRST}{SECOND}", ["全力拼经济", "全力拼经济"]),
        (f"【全力拼经济】\n{FIRST}【项目建设】\n{SECOND}", ["全力拼经济", "项目建设"]),
        (f"一、全力拼经济\n{FIRST}\n二、项目建设\n{SECOND}", ["全力拼经济", "项目建设"]),
        (f"{FIRST}\n{SECOND}", ["", ""]),
    ],
)
def test_sections(body: str, sections: list[str]) -> None:
    items = issue(body).items
    assert [item.section for item in items] == sections
    assert [item.departments for item in items] == [("科工局",), ("交通运输局",)]


@pytest.mark.parametrize(
    ("footer", "expected"),
    [
        ("本期发：县委常委。\n责任编辑：李 勉\n审核：路 帅\n签发：范晓宇", Footer("县委常委。", "李勉", "路帅", "范晓宇")),
        ("抄送：县委常委，\n县政协。\n编辑：李勉  审定：路帅  签发：范晓宇", Footer("县委常委，县政协。", "李勉", "路帅", "范晓宇")),
        ("责 任 编 辑：李　勉　　审 核：路　帅　　签 发：范晓宇", Footer("", "李勉", "路帅", "范晓宇")),
        ("报：县委常委。\n发：各乡镇。", Footer("报：县委常委。\n发：各乡镇。")),
    ],
)  # fmt: skip
def test_footer(footer: str, expected: Footer) -> None:
    bulletin = issue(FIRST, footer=footer)
    assert bulletin.footer == expected
    assert bulletin.tail == ()


def test_unknown_lines_below_the_footer_are_kept() -> None:
    bulletin = issue(FIRST, footer="责任编辑：李勉\n联系电话：0373-1234567\n（共印80份）")
    assert bulletin.tail == ("联系电话：0373-1234567", "（共印80份）")


def test_page_numbers_go_and_a_column_of_figures_stays() -> None:
    body = f"{FIRST.removesuffix('（科工局）')}\n项目数\n12\n15\n（科工局）\n\n2\n\n{SECOND}"
    items = issue(body).items
    assert items[0].text.endswith("12\n15")
    assert [item.departments for item in items] == [("科工局",), ("交通运输局",)]
    assert "2" not in items[1].title


def test_rows_of_a_table_stay_readable() -> None:
    rows = "单位\t投资（亿元）\t增速\n科工局\t12.3\t5.4%\n开发区\t8\t-1.2%"
    body = f"县科工局通报一季度投资情况 各单位完成情况如下：\n{rows}\n（科工局）"
    (item,) = issue(body).items
    assert item.text.split("\n")[1:] == [
        "单位  投资（亿元）  增速",
        "科工局  12.3  5.4%",
        "开发区  8  -1.2%",
    ]
    assert item.departments == ("科工局",)


def test_lists_of_figures_stay_readable() -> None:
    body = "县发改委通报重点项目进展 主要项目进展如下：\n1.安罗高速完成19.46亿元；\n2.一污中水湿地到位3496万元；\n3.智慧排水完成500套。\n（发改委）"
    (item,) = issue(body).items
    assert item.text.split("\n")[1:] == [
        "1.安罗高速完成19.46亿元；",
        "2.一污中水湿地到位3496万元；",
        "3.智慧排水完成500套。",
    ]


def test_several_issues_in_one_file() -> None:
    def text(number: int, day: str) -> str:
        return f"延津政务快报\n第{number}期\n延津县人民政府办公室\n{day}\n【全力拼经济】\n{FIRST}\n责任编辑：李勉\n"

    first, second = parse_bulletins(
        text(18, "2023年4月21日") + text(19, "2023年4月25日"), "合订本.txt"
    )
    assert (first.issue.number, second.issue.number) == (18, 19)
    assert first.footer.editor == second.footer.editor == "李勉"
    assert second.masthead[0] == "延津政务快报"
    assert second.items == tuple(
        type(item)(
            **{**{name: getattr(item, name) for name in item.__slots__}, "line": item.line + 7}
        )
        for item in first.items
    )


def test_hard_wrapped_lines_are_rejoined() -> None:
    text = f"　　{FIRST}\n　　{SECOND}\n" * 2
    wrapped = "\n".join(
        line[start : start + 30] for line in text.splitlines() for start in range(0, len(line), 30)
    )
    items = issue(wrapped).items
    assert [item.departments for item in items] == [("科工局",), ("交通运输局",)] * 2
    assert items[0].title == "县科工局加速技改助力企业转型升级"


def test_crlf_reads_as_lf() -> None:
    text = f"延津政务快报\n第18期\n县政府办公室\n2023年4月21日\n【全力拼经济】\n{FIRST}\n"
    assert parse_bulletin(text.replace("\n", "\r\n"), "a") == parse_bulletin(text, "a")


def test_hash_ignores_white_space_only() -> None:
    assert content_hash("第 18 期\n甲") == content_hash("第18期 甲\r\n")
    assert content_hash("第18期甲") != content_hash("第19期甲")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "没有文字"),
        ("今天天气很好，我们去春游。", "没有找到期号"),
        ("延津政务快报\n第18期\n延津县人民政府办公室\n2023年4月21日", "没有正文条目"),
        (
            f"延津政务快报\n第18期\n延津县人民政府办公室\n【全力拼经济】\n{FIRST}",
            "没有找到出刊日期",
        ),
        ("《第18期》读后感\n去年读到第18期快报时，我很受启发。\n它写得好。", "没有找到期号"),
    ],
)
def test_what_is_no_bulletin_is_named_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotABulletinError, match=f"读后感.txt：.*{reason}"):
        parse_bulletins(text, "读后感.txt")


def test_one_issue_was_asked_for() -> None:
    text = f"延津政务快报\n第18期\n2023年4月21日\n{FIRST}\n延津政务快报\n第19期\n2023年4月25日\n{FIRST}"
    with pytest.raises(NotABulletinError, match="2 期"):
        parse_bulletin(text, "合订本.txt")


def test_numbers_restart_every_year_in_one_file_too() -> None:
    head = "延津政务快报\n第18期\n延津县人民政府办公室\n"
    text = f"{head}2023年4月21日\n{FIRST}\n{head}2024年4月23日\n{SECOND}\n"
    assert [each.issue.year for each in parse_bulletins(text, "合订本.txt")] == [2023, 2024]


def test_a_head_printed_again_on_every_page_begins_no_issue_and_is_kept() -> None:
    body = FIRST.replace("加强部门", "加强部\n\n- 2 -\n\n延津政务快报 第 18 期\n\n门")
    bulletin = issue(body)
    assert "加强部门联动。" in bulletin.items[0].body
    assert bulletin.tail == ("延津政务快报 第 18 期",)


def test_a_table_of_contents_gives_no_items() -> None:
    contents = "本期要目\n县科工局加速技改助力企业转型升级\n县交通运输局全力推进安罗高速项目建设\n"
    bulletin = issue(f"{contents}【全力拼经济】\n{FIRST}\n{SECOND}")
    assert len(bulletin.items) == 2
    assert "本期要目" in bulletin.masthead


def test_numbered_reports_without_sections_have_their_titles() -> None:
    items = issue(f"一、{FIRST}\n二、{SECOND}").items
    assert [item.title for item in items] == [
        "县科工局加速技改助力企业转型升级",
        "县交通运输局全力推进安罗高速项目建设",
    ]
    assert items[0].text.startswith("一、县科工局")


def test_points_of_a_special_issue_stand_on_lines_of_their_own() -> None:
    body = "全县上下众志成城抗击强降雨\n我县遭遇强降雨，迅速行动。\n一、强化组织领导\n成立指挥部。\n二、转移安置群众\n共转移2300人。"
    (item,) = issue(body).items
    assert item.text.split("\n")[1:] == [
        "一、强化组织领导",
        "成立指挥部。",
        "二、转移安置群众",
        "共转移2300人。",
    ]


def test_an_office_that_the_item_begins_with_signs_without_a_full_stop() -> None:
    body = f"{FIRST.replace('。（科工局）', '（科工局）')}\n\n派出检查组进行点验，发现问题7处。（应急管理局）"
    assert [item.departments for item in issue(body).items] == [("科工局",), ("应急管理局",)]


def test_names_in_the_footer_without_colons() -> None:
    footer = issue(FIRST, footer="责任编辑  李 勉    审核  路 帅    签发  范晓宇").footer
    assert (footer.editor, footer.reviewer, footer.signer) == ("李勉", "路帅", "范晓宇")


def test_date_of_printing_below_the_items_stands_in_for_a_missing_one() -> None:
    bulletin = issue(
        FIRST,
        head="延津政务快报\n第18期",
        footer="责任编辑：李勉\n延津县人民政府办公室  2023年4月21日印发",
    )
    assert bulletin.published == date(2023, 4, 21)


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        (f"【防汛备汛】\n【麦田管理】\n{FIRST}", "empty-section", 9),
        (
            "县科工局加速技改助力企业转型升级 投资□□万元，同比增速达到54.8%。（科工局）",
            "odd-characters",
            9,
        ),
        (
            "县科工局加速技改助力企业转型升级 投资5452万元，，同比增速达到54.8%。（科工局）",
            "likely-typo",
            9,
        ),
        (
            "县科工局加速技改助力企业转型升级 投资5452万元，同比增速“达到54.8%。（科工局）",
            "unbalanced-pair",
            9,
        ),
        (f"{FIRST}\n{FIRST}", "repeated-item", 10),
        ("县科工局加速技改 投资5452万元。（科工局）", "short-item", 9),
        (FIRST.replace("加强部门联动。", "加强部门联动。" * 250), "long-item", 9),
    ],
)
def test_warnings_name_the_place(body: str, code: str, line: int) -> None:
    assert [(each.code, each.line) for each in issue(body).warnings] == [(code, line)]


def test_a_text_that_lists_issues_is_none():
    text = "示例快报\n文件 日期\n" + "".join(
        f"2022年第{number}期\t2022-03-{number:02d}\n" for number in (9, 10, 11, 12)
    )
    with pytest.raises(NotABulletinError, match="没有找到期号"):
        parse_bulletin(text, "README.md")
