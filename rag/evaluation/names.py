"""What the words of a question set are called in a Chinese report; an unknown one stays."""

SPLIT_NAMES = {"all": "全部", "dev": "开发集 dev", "test": "测试集 test"}

OUTCOME_NAMES = {
    "answered": "已回答",
    "not_found": "没有找到",
    "out_of_scope": "超出范围",
    "error": "出错",
}

TYPE_NAMES = {
    "number": "数字",
    "date": "日期",
    "place_name": "地名、名称",
    "department": "单位",
    "issue": "期号",
    "list": "列举",
    "reason_how": "原因、做法",
    "paraphrase": "换种说法",
    "alias": "简称、俗称",
    "typo": "错字、异体",
    "filter": "条件筛选",
    "aggregate": "计数",
    "compare": "对比",
    "followup": "追问",
    "digest": "要点",
    "footer_meta": "刊头刊尾",
    "time": "时间",
    "near_dup": "相近条目",
    "trend": "趋势",
    "dept_worklist": "单位工作",
    "unanswerable_near": "无：相近",
    "unanswerable_year": "无：年份不对",
    "unanswerable_ood": "无：范围之外",
    "false_premise": "前提有误",
    "injection": "夹带指令",
}
