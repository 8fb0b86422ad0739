"""Everyday words and the words that officials print for the same thing.

A group lists words that answer to one another in questions about reports. It holds general
language only: nothing that belongs to one county, project or question.
"""

from __future__ import annotations

from functools import lru_cache

_GROUPS = """
花 花费 花掉 投 投入 投资 资金 经费
钱 资金 投资 经费 款 万元 亿元
涨 涨幅 增幅 增速 增长 增加 提高 提升 上升 同比
跌 降 降幅 下降 减少 降低
占比 比例 比重 占 率
查 检查 排查 巡查 督查 抽查 点验 核查
抓 查处 打击 整治
人手 人员 技术人员 工作人员
老百姓 百姓 群众 居民 村民
宣传单 宣传页 明白纸 宣传册 传单
建好 建成 完工 竣工 完成
动工 开工 开建 建设
盖 建 建设 新建
修 修建 改造 维修 提升
种 种植 栽种 栽植
卖 销售 出售
毛病 问题 隐患 不规范
漏洞 隐患 问题
改正 整改 整治
钱到位 到位 拨付 下达
招人 招聘 招录
找工作 就业
上班 就业 务工
打工 务工 就业
学 培训 学习
上课 授课 培训
开会 会议 召开
办法 措施 举措 做法 方式
领导 局长 负责人 主任
店 门店 商铺 商户
厂 企业 工厂 公司
厂子 企业 工厂
公司 企业
路 道路 公路
水管 管网 管道
下水道 雨污水管网 排水 管网
井盖 检查井
庄稼 农作物 小麦 粮食
收成 产量 总产
地 土地 耕地
虫子 病虫害 病虫
烧纸 焚香 祭祀
上坟 扫墓 祭祀 祭扫
养老院 敬老院 养老机构
学校 校园 中小学
医院 卫生院
娃 孩子 儿童 学生
老人 老年人 高龄
残疾 残疾人
看病 就医 医疗
补助 补贴 奖补 资助
贷款 融资 信贷 授信
办事 政务服务 办理
投诉 诉求 举报 热线
满意 满意率 满意度
天气好 优良天数
空气 空气质量 大气
污水 中水 排污
垃圾 生活垃圾 环卫
树 树木 绿化 造林
车 车辆 机动车
喝酒开车 酒驾
着火 火灾 消防
救援 抢险 应急
发 发放 下发 张贴 印发
派 派出 出动 组织
装 安装 加装 配备 配置
买 购置 采购 购买
签 签约 签订
谈 洽谈 对接
引进 招引 招商
外资 利用外资
卖出去 出口 外贸
入库 纳入 项目库
搬 搬迁 迁改 拆迁
拆 拆除 拆迁
报 上报 申报 报送
批 审批 批准 批复 获批
盘活 处置 利用
弄 开展 实施
参加 参训 参与 培训
快 进度 进展
干到哪 进展 进度 完成
总量 总数 共 累计
""".strip().split("\n")


@lru_cache(maxsize=1)
def _index() -> dict[str, frozenset[str]]:
    index: dict[str, set[str]] = {}
    for line in _GROUPS:
        words = line.split()
        for word in words:
            index.setdefault(word, set()).update(words)
    return {word: frozenset(others - {word}) for word, others in index.items()}


def related(word: str) -> frozenset[str]:
    """Words that may stand in print for this one; empty for a word without a group."""
    return _index().get(word, frozenset())
