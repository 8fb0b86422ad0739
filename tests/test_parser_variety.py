"""Ways in which offices set their issues, one small issue each, read as a careful clerk would."""

from __future__ import annotations

from datetime import date

import pytest

from ingest.parser import parse_bulletin, parse_bulletins
from rag.schema import Bulletin

HEAD = "延津政务快报\n第 18 期\n延津县人民政府办公室\n2023 年 4 月 21 日\n"
FOOT = "本期发：县委常委，县直各单位。\n责任编辑：李 勉\n审核：路 帅\n签发：范晓宇\n"
TITLES = (
    "县科工局加速技改助力企业转型升级",
    "县交通运输局全力推进安罗高速项目建设",
    "潭龙街道开展消防安全隐患排查",
)
BODIES = (
    "建立技改项目库，加强部门联动，动员符合条件的企业入库。一季度，技改投资上报额5452万元。",
    "充分发挥政府主导性，将征地拆迁纳入乡镇目标考核。累计完成投资19.46亿元，占总投资的52.15%。",
    "街道督查办等多部门联合开展检查，对发现的隐患，责令迅速整改。共检查门店30余家。",
)
SIGNED = ("科工局", "交通运输局", "潭龙街道")
ONE, TWO, THREE = (
    f"{title} {body}（{name}）" for title, body, name in zip(TITLES, BODIES, SIGNED, strict=True)
)


def read(body: str, head: str = HEAD, foot: str = FOOT) -> Bulletin:
    return parse_bulletin(head + body + "\n" + foot, "快报.txt")


def assert_three_items(bulletin: Bulletin) -> None:
    """The three reports above, whatever they are set like."""
    items = bulletin.items
    assert [item.title for item in items] == list(TITLES)
    assert [item.body for item in items] == list(BODIES)
    assert [item.departments for item in items] == [(name,) for name in SIGNED]
    assert bulletin.tail == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("全力拼经济", "安全生产"),
        ("全 力 拼 经 济", "安 全 生 产"),
        ("★全力拼经济★", "★安全生产★"),
        ("◎ 全力拼经济", "◎ 安全生产"),
        ("＊＊全力拼经济＊＊", "＊＊安全生产＊＊"),
        ("〔全力拼经济〕", "〔安全生产〕"),
        ("一、全力拼经济：", "二、安全生产："),
        ("（一）全力拼经济", "（二）安全生产"),
        ("第一部分　全力拼经济", "第二部分　安全生产"),
        ("《全力拼经济》", "《安全生产》"),
        ("          【全力拼经济】", "          【安全生产】"),
    ],
)
@pytest.mark.parametrize("title_end", [" ", "\n"])
def test_headings_of_sections(first: str, second: str, title_end: str) -> None:
    reports = [text.replace(" ", title_end, 1) for text in (ONE, TWO, THREE)]
    bulletin = read(f"{first}\n{reports[0]}\n{reports[1]}\n{second}\n{reports[2]}")
    assert_three_items(bulletin)
    sections = [item.section for item in bulletin.items]
    assert sections == ["全力拼经济", "全力拼经济", "安全生产"]


def test_a_section_may_be_called_by_a_word_for_offices() -> None:
    items = read(f"一、重点工作\n{ONE}\n二、乡镇动态\n{THREE}\n三、部门动态\n{TWO}").items
    assert [item.section for item in items] == ["重点工作", "乡镇动态", "部门动态"]


@pytest.mark.parametrize("mark", ["●", "★", "1.", "（一）"])
def test_marks_before_reports_make_no_sections(mark: str) -> None:
    bulletin = read("【工作动态】\n" + "\n".join(mark + text for text in (ONE, TWO, THREE)))
    assert [item.title for item in bulletin.items] == list(TITLES)
    assert {item.section for item in bulletin.items} == {"工作动态"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[", "]"),
        ("【", "】"),
        ("〔", "〕"),
        ("\n" + " " * 30, ""),
        ("\n", ""),
        ("\n——", ""),
        ("（供稿：", "）"),
        ("（来稿单位：", "）"),
        ("（", "等）"),
        ("（", "等单位联合供稿）"),
        ("（", " 王晓明）"),
        ("（", "　王晓明、李静）"),
        ("(", ")。"),
    ],
)
def test_signatures(before: str, after: str) -> None:
    texts = [
        f"{title} {body}{before}{name}{after}"
        for title, body, name in zip(TITLES, BODIES, SIGNED, strict=True)
    ]
    assert_three_items(read("一、工作动态\n" + "\n".join(texts)))


@pytest.mark.parametrize(("first", "second"), [("【要闻】", "【动态】"), ("要闻", "部门动态")])
def test_signatures_behind_the_headings(first: str, second: str) -> None:
    one, two, three = (
        f"{title}（{name}）\n{body}"
        for title, body, name in zip(TITLES, BODIES, SIGNED, strict=True)
    )
    bulletin = read(f"{first}\n{one}\n{two}\n{second}\n{three}")
    assert_three_items(bulletin)
    assert [item.section for item in bulletin.items][1:] == [
        first.strip("【】"),
        second.strip("【】"),
    ]


def test_an_office_alone_on_a_line_is_no_signature_where_others_are() -> None:
    (item,) = read(f"【工作动态】\n{ONE.removesuffix('（科工局）')}\n发改委\n（科工局）").items
    assert item.text.endswith("5452万元。发改委")
    assert item.departments == ("科工局",)


@pytest.mark.parametrize(
    ("head", "label", "published"),
    [
        ("延津政务快报\n增  刊\n（第2期）\n延津县人民政府办公室    2022年7月19日\n", "《延津政务快报》2022年增刊第2期", date(2022, 7, 19)),
        ("延津政务快报（增刊）\n总第457期\n延津县人民政府办公室\n2023年5月6日\n", "《延津政务快报》2023年增刊第457期", date(2023, 5, 6)),
        ("延津政务快报\n〔2023〕18号\n延津县人民政府办公室\n2023年4月21日\n", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
        ("延津政务快报\nNO.18\n延津县人民政府办公室\n2023年4月21日\n", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
        ("延津政务快报\n2023年第18期\n总第456期\n主办：延津县人民政府办公室\n2023年4月21日  星期五\n", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
        ("延津政务快报　2024年第6期（总第358期）　延津县人民政府办公室编　2024年2月6日\n", "《延津政务快报》2024年第6期", date(2024, 2, 6)),
        ("延 津 政 务 快 报\n第 1 8 期\n延津县人民政府办公 室\n2 0 2 3 年 4 月 2 1 日\n", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
        ("延津政务快报\n第一百零二期\n延津县人民政府办公室\n二〇二四年十二月二十六日\n", "《延津政务快报》2024年第102期", date(2024, 12, 26)),
        ("内部资料\n注意保存\n\n延 津 政 务 快 报\n第 18 期\n延津县人民政府办公室 编        2023年4月21日（星期五）\n", "《延津政务快报》2023年第18期", date(2023, 4, 21)),
    ],
)  # fmt: skip
def test_mastheads(head: str, label: str, published: date) -> None:
    bulletin = read(f"{ONE}\n{TWO}\n{THREE}", head=head)
    assert_three_items(bulletin)
    assert (bulletin.issue.label, bulletin.published) == (label, published)
    assert bulletin.publisher == "延津县人民政府办公室"


def test_the_name_of_a_special_issue_belongs_to_its_head() -> None:
    head = "延津政务快报\n专刊\n第5期\n延津县人民政府办公室 二〇二三年六月十二日\n\n“三夏”生产工作专刊\n\n"
    body = (
        "我县扎实推进“三夏”生产工作\n　　今年，全县种植小麦92万亩。\n"
        "　　一是加强组织领导。召开专题会议3次。\n　　下一步，我县将抓好秋粮播种。"
    )
    (item,) = read(body, head=head).items
    assert item.title == "我县扎实推进“三夏”生产工作"
    assert item.body.startswith("今年，全县种植小麦92万亩。一是加强组织领导。")


def test_the_office_that_prints_an_issue_stands_in_for_a_missing_publisher() -> None:
    foot = "发送：县委常委\n延津县人民政府办公室    2024年3月15日印发\n"
    bulletin = read(ONE, head="延津县政府工作简报\n第7期\n", foot=foot)
    assert bulletin.publisher == "延津县人民政府办公室"
    assert bulletin.published == date(2024, 3, 15)


@pytest.mark.parametrize(
    "again", ["延津政务快报          2023年第18期", "第18期   2023年4月21日", "延津政务快报"]
)
def test_heads_of_pages_go_whatever_they_print_of_the_masthead(again: str) -> None:
    bulletin = read(
        f"{ONE.replace('部门联动', f'部门{chr(10)}{again}{chr(10)}联动')}\n{TWO}\n{THREE}"
    )
    assert [item.body for item in bulletin.items] == list(BODIES)
    assert bulletin.tail == (again,)


def test_a_page_number_between_a_section_and_its_first_report_goes() -> None:
    assert_three_items(read(f"【工作动态】\n\n1\n\n{ONE}\n{TWO}\n\n2\n\n{THREE}"))


@pytest.mark.parametrize("rule", ["----------------", "* * *", "==========", "☆ ☆ ☆", "———————"])
def test_lines_drawn_between_reports_are_no_text(rule: str) -> None:
    assert_three_items(read(f"【工作动态】\n{ONE}\n{rule}\n{TWO}\n{rule}\n{THREE}\n{rule}"))


@pytest.mark.parametrize(
    ("text", "title", "begins"),
    [
        ("县应急管理局扎实开展汛前装备物资点验 6 个检查组对 13 个乡镇（镇、街道）进行点验，效果好。", "县应急管理局扎实开展汛前装备物资点验", "6个检查组对13个"),
        ("县应急管理局扎实开展点验 6个检查组对13个乡镇（镇、街道）进行点验，效果好。", "县应急管理局扎实开展点验", "6个检查组对13个"),
        ("县公安局破获 3 起电信诈骗案 通过走访，查清案情。", "县公安局破获3起电信诈骗案", "通过走访，"),
        ("县科工局强服务 助企业转型升级 建立技改项目库，加强联动。", "县科工局强服务 助企业转型升级", "建立技改项目库，"),
        ("王楼镇 统筹推进老旧大棚改造 锁定6座大棚，集中回收。", "王楼镇 统筹推进老旧大棚改造", "锁定6座大棚，"),
        ("“小切口”解决“大民生” 文岩街道立足民生实事，开展走访。", "“小切口”解决“大民生”", "文岩街道立足民生实事，"),
        ("我县批而未供土地处置工作位于全省前列。将处置工作纳入考核，成效明显。", "我县批而未供土地处置工作位于全省前列", "将处置工作纳入"),
        ("县科工局加速技改助力企业转型升级\n建立技改项目库，加强部门联动，成效明显。", "县科工局加速技改助力企业转型升级", "建立技改项目库，"),
        ("县科工局加速技改　建立技改项目库，加强部门联动，成效明显。", "县科工局加速技改", "建立技改项目库，"),
        ("一季度全县经济实现“开门红”\n一季度，全县生产总值完成52.3亿元。", "一季度全县经济实现“开门红”", "一季度，"),
        ("2023年县重点项目集中开工 4月18日，全县12个项目集中开工。", "2023年县重点项目集中开工", "4月18日，"),
        ("县行政审批局提升12345热线办理质效。建立闭环机制，办结率96.3%。", "县行政审批局提升12345热线办理质效", "建立闭环机制"),
        ("县残联：关爱残疾人 发放轮椅120辆，惠及群众。", "县残联：关爱残疾人", "发放轮椅"),
        ("丰庄镇“三个一”抓实人居环境\n一是建立一套机制。成立专班，实行周通报。", "丰庄镇“三个一”抓实人居环境", "一是建立"),
        ("县商务局促消费 发放消费券500万元，拉动消费超\n5000万元。", "县商务局促消费", "发放消费券500万元，拉动消费超5000万元。"),
        ("县公安局 严打击 强防范 护民生 抽调警力120人，分成8个小组。", "县公安局 严打击 强防范 护民生", "抽调警力"),
        ("县税务局：优服务 减税费 助发展 累计退税3200万元，惠及企业86家。", "县税务局：优服务 减税费 助发展", "累计退税"),
        ("一季度“三夏”农机检修进度表\n单位\t应检\n丰庄镇\t120\n榆林乡\t96\n", "一季度“三夏”农机检修进度表", "单位  应检\n丰庄镇"),
        ("县行政审批局(政务服务中心)推行“一窗通办” 梳理事项128项,压减材料45%.", "县行政审批局(政务服务中心)推行“一窗通办”", "梳理事项"),
        ("县市场监管局推行“证照联办”\n——让企业准入更便捷\n新登记企业326家，同比增长21.5%。", "县市场监管局推行“证照联办” ——让企业准入更便捷", "新登记企业"),
        ("沙岗镇冷链中心开建 12月3日，沙岗镇冷链中心动工，总投资4500万元。", "沙岗镇冷链中心开建", "12月3日，沙岗镇"),
        ("县科工局抓实工业稳增长 1—11月，规上工业增加值增长7.5%。", "县科工局抓实工业稳增长", "1—11月，"),
        ("首季GDP增长5.9% 一季度，全县地区生产总值57.9亿元。", "首季GDP增长5.9%", "一季度，全县"),
        ("一季度全县经济开局平稳 一季度，全县地区生产总值54.2亿元。", "一季度全县经济开局平稳", "一季度，全县"),
        ("6月底强降雨平稳应对 6月28日至30日，全县平均降雨121毫米。", "6月底强降雨平稳应对", "6月28日至30日"),
    ],
)  # fmt: skip
def test_titles(text: str, title: str, begins: str) -> None:
    (item,) = read(f"【工作动态】\n{text}（科工局）").items
    assert item.title == title
    assert item.body.startswith(begins)
    assert item.departments == ("科工局",)


@pytest.mark.parametrize(
    "text",
    [
        "派出 6 个检查组对 13 个乡镇（镇、街道）进行点验，着重摸清数质量情况。目前已全部整改到位。",
        "县应急管理局共派出 6 个检查组对 13 个乡镇进行点验，着重摸清数质量情况。",
        "今年以来，县科工局建立技改项目库，加强部门联动。共入库项目12个。",
        "全县技改投资增长54.8%。其中，装备制造业增长10%，食品业增长8%。",
        "4月20日 县长李某到县开发区调研，要求加快进度。",
        "小潭乡：种植蔬菜1200亩，收入860万元。",
        "派出 6 个检查组对 12 个乡镇（街道）、7 个成员单位的物资进行点验，效果良好。",
        "加强与上级部门的沟通协调，抢抓政策窗口期，推动纳\n\n入项目库。成立专班，倒排工期。",
        "建立工作台账，按照任务分解情况，每周调度，加\n\n- 1 -\n\n强与上级的沟通。成立专班。",
    ],
)
def test_texts_without_title(text: str) -> None:
    (item,) = read(f"【工作动态】\n{text}（科工局）").items
    assert item.title is None
    assert item.body == item.text
    assert item.departments == ("科工局",)


def test_a_report_ends_with_a_bracket_that_is_no_signature_and_without_a_full_stop() -> None:
    body = (
        "县乡村振兴局开展防返贫监测 走访脱贫户6820户，纳入监测对象86户（其中边缘易致贫户31户）\n"
        "县民政局提高低保标准 农村低保提高到4800元（每月400元）。（民政局）"
    )
    items = read(body).items
    assert [item.title for item in items] == ["县乡村振兴局开展防返贫监测", "县民政局提高低保标准"]
    assert items[0].body.endswith("（其中边缘易致贫户31户）")
    assert items[1].body.endswith("（每月400元）。")


def test_another_office_signs_a_report_whose_heading_names_none() -> None:
    body = (
        "县住建城管局保障冬季供暖。更换老化管道5.8公里，入户测温达标率98.5%。\n"
        "青渠河人工湿地建成投运。县生态环境局克服不利因素，提前45天完成任务。（生态环境局）"
    )
    items = read(body).items
    assert [item.title for item in items] == ["县住建城管局保障冬季供暖", "青渠河人工湿地建成投运"]
    assert [item.departments for item in items] == [(), ("生态环境局",)]


def test_columns_that_one_space_parts_stay_columns() -> None:
    rows = "序号 乡镇 投资额 增速\n1 丰庄镇 3200 12.5%\n2 榆林乡 2100 8.3%\n合计 5300 10.9%"
    body = (
        f"县统计局通报投资情况 各乡镇完成情况如下：\n{rows}\n排名靠后的乡镇要加快进度。（统计局）"
    )
    (item,) = read(body).items
    assert item.text.split("\n")[1:] == [
        "序号  乡镇  投资额  增速",
        "1  丰庄镇  3200  12.5%",
        "2  榆林乡  2100  8.3%",
        "合计  5300  10.9%",
        "排名靠后的乡镇要加快进度。",
    ]
    assert item.departments == ("统计局",)


def test_the_line_above_a_table_may_begin_a_page() -> None:
    rows = "单位\t投资额\n丰庄镇\t3200\n榆林乡\t2100"
    body = (
        f"县统计局通报投资情况 一季度，投资平稳增长。\n\n各乡镇完成情况如下：\n\n{rows}\n（统计局）"
    )
    (item,) = read(body).items
    assert "增长。各乡镇完成情况如下：\n单位  投资额\n" in item.text


def test_a_figure_cut_by_the_end_of_a_line_is_put_together() -> None:
    body = (
        "　　县发改委抓项目促投资 全县42个重点项目完成投资31.\n6亿元，增速居全市第\n2位。（发改委）"
    )
    (item,) = read(body).items
    assert item.body == "全县42个重点项目完成投资31.6亿元，增速居全市第2位。"


def test_space_that_text_recognition_left_goes() -> None:
    loose = [
        text.replace("部门联动", "部 门联动")
        .replace("主导性，", "主导 性， ")
        .replace("征地", "征 地")
        .replace("督查办", "督查 办")
        .replace("隐患，责令", "隐患，责 令")
        for text in (ONE, TWO, THREE)
    ]
    assert_three_items(read("【工作动态】\n" + "\n".join(loose)))


def test_a_line_at_the_margin_goes_on_where_paragraphs_are_indented() -> None:
    cut = TWO.replace("目标考核。", "目标考核。\n\n")
    bulletin = read("\n".join(f"　　{text}" for text in (ONE, cut, THREE, ONE)))
    assert [item.body for item in bulletin.items] == [*BODIES, BODIES[0]]


def test_a_page_may_end_with_a_comma_above_words_that_begin_headings() -> None:
    cut = "组织开展流调、消杀、院感防控等专题培训，提升基层处置能力。截至 3 月 10 日，\n\n全县累计接种 11.2 万剂次，培训 960 余人次。"
    (item,) = read(f"【民生实事】\n县卫生健康委抓好疫情防控 {cut}（卫生健康委）").items
    assert item.body.endswith("截至3月10日，全县累计接种11.2万剂次，培训960余人次。")


def test_the_office_and_the_date_below_the_last_report_are_no_report() -> None:
    bulletin = read(
        ONE, head="延津政务快报\n第18期\n", foot="延津县人民政府督查室\n2023年4月21日\n"
    )
    assert [item.title for item in bulletin.items] == [TITLES[0]]
    assert bulletin.tail == ("延津县人民政府督查室", "2023年4月21日")
    assert bulletin.published == date(2023, 4, 21)


def test_a_table_of_contents_with_sections_and_page_numbers_gives_no_items() -> None:
    contents = (
        f"目  录\n【要闻】\n{TITLES[0]}………………1\n{TITLES[1]}…………2\n【动态】\n{TITLES[2]}······3\n"
    )
    bulletin = read(f"{contents}【要闻】\n{ONE}\n{TWO}\n【动态】\n{THREE}")
    assert_three_items(bulletin)
    assert [item.section for item in bulletin.items] == ["要闻", "要闻", "动态"]


def test_the_footer_may_stand_in_any_order() -> None:
    foot = "签发：范晓宇    审核：路 帅    责任编辑：李 勉\n本期发：县委常委，各乡（镇）政府。\n（共印120份）\n"
    bulletin = read(ONE, foot=foot)
    footer = bulletin.footer
    assert (footer.editor, footer.reviewer, footer.signer) == ("李勉", "路帅", "范晓宇")
    assert footer.distribution == "县委常委，各乡（镇）政府。"
    assert bulletin.tail == ("（共印120份）",)


def test_headings_without_reports_are_kept_and_named() -> None:
    bulletin = read(f"【领导批示】\n【全力拼经济】\n{ONE}\n【工作动态】")
    assert [item.section for item in bulletin.items] == ["全力拼经济"]
    assert bulletin.tail == ("【领导批示】", "【工作动态】")
    assert [warning.code for warning in bulletin.warnings] == ["empty-section", "empty-section"]


def test_blank_lines_say_nothing() -> None:
    body = f"【工作动态】\n{ONE}\n{TWO}\n{THREE}\n".replace("（", "\n\n（").replace(
        "\n", "\n\n\n\n"
    )
    bulletin = read(body, head=HEAD.replace("\n", "\n\n\n"), foot=FOOT.replace("\n", "\n\n\n"))
    assert_three_items(bulletin)


def test_several_issues_with_different_heads_in_one_file() -> None:
    texts = [
        f"{HEAD}【工作动态】\n{ONE}\n{FOOT}",
        f"延津政务快报 第19期 延津县人民政府办公室 2023年4月25日\n【工作动态】\n{TWO}\n{FOOT}",
        f"延津政务快报\n（第二十期）\n延津县人民政府办公室\n二〇二三年四月二十八日\n{THREE}\n{FOOT}",
    ]
    bulletins = parse_bulletins("\f".join(texts), "合订本.txt")
    assert [bulletin.issue.number for bulletin in bulletins] == [18, 19, 20]
    assert [bulletin.items[0].title for bulletin in bulletins] == list(TITLES)


def test_a_sentence_with_a_time_or_a_figure_is_a_heading_where_reports_have_headings() -> None:
    dated = "2024年财政收入11.41亿元。2024年，全县一般公共预算收入11.41亿元，增长7.3%，税收占比68.9%，增幅居全市前列。（财政局）"
    items = read(f"【工作动态】\n{ONE}\n{TWO}\n{dated}").items
    assert items[-1].title == "2024年财政收入11.41亿元"
    untitled = "县残联走访群众，发放物资120件，惠及各乡镇困难家庭，受到广泛好评。今年继续办下去，预计再走访三百户以上。（残联）"
    (_, item) = read(f"【工作动态】\n{untitled}\n{dated}").items
    assert item.title is None


@pytest.mark.parametrize("name", ["经开区", "高新区", "物流港", "产业园"])
def test_zones_sign_reports(name: str) -> None:
    items = read(f"【工作动态】\n{ONE.rsplit('（', 1)[0]}（{name}）\n\n{TWO}").items
    assert items[0].departments == (name,)
    assert len(items) == 2


@pytest.mark.parametrize("words", ["老旧小区", "西关片区", "林果园"])
def test_places_in_brackets_sign_nothing(words: str) -> None:
    (item,) = read(
        f"【工作动态】\n县住建局改造12处。（{words}）\n另有3处开工，效果良好。（住建局）"
    ).items
    assert item.departments == ("住建局",)
